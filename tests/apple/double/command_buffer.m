/* SPDX-License-Identifier: MIT */
#import "objects.h"

#include <stdlib.h>

/* The documented maxCommandBufferCount of newCommandQueue. */
#define MAX_COMMAND_BUFFERS 64

NSErrorDomain const MTLCommandBufferErrorDomain = nil;

@implementation DoubleQueue
@dynamic device, label;

- (instancetype)initWithDevice:(id<MTLDevice>)aDevice
{
	[super initWithDevice:aDevice];
	worker = double_worker_create();
	pthread_mutex_init(&lock, NULL);
	pthread_cond_init(&changed, NULL);
	return self;
}

- (void)dealloc
{
	double_worker_destroy(worker);
	pthread_cond_destroy(&changed);
	pthread_mutex_destroy(&lock);
	[super dealloc];
}

- (struct double_worker *)worker
{
	return worker;
}

/* Blocks until there is room for one more, as a queue of newCommandQueue does. */
- (void)take
{
	pthread_mutex_lock(&lock);
	while (uncompleted == MAX_COMMAND_BUFFERS)
		pthread_cond_wait(&changed, &lock);
	uncompleted++;
	pthread_mutex_unlock(&lock);
}

- (void)giveBack
{
	pthread_mutex_lock(&lock);
	uncompleted--;
	pthread_cond_signal(&changed);
	pthread_mutex_unlock(&lock);
}

- (id<MTLCommandBuffer>)commandBuffer
{
	if (double_fails("commandBuffer"))
		return nil;
	[self take];
	return [[[DoubleCommandBuffer alloc] initWithQueue:self] autorelease];
}
@end

static void append(void ***list, size_t *count, const void *item)
{
	void **larger = realloc(*list, (*count + 1) * sizeof(**list));

	if (!larger)
		double_die("out of memory");
	larger[(*count)++] = (void *)item;
	*list = larger;
}

/* Calls the handlers with the buffer, unless it is nil, and releases them. */
static void finish_handlers(void **handlers, size_t *count, id<MTLCommandBuffer> buffer)
{
	for (size_t i = 0; i < *count; i++) {
		if (buffer)
			((MTLCommandBufferHandler)handlers[i])(buffer);
		double_block_release(handlers[i]);
	}
	*count = 0;
}

static void execute(void *argument)
{
	@autoreleasepool {
		DoubleCommandBuffer *buffer = argument;

		[buffer execute];
		[buffer release];
	}
}

@implementation DoubleCommandBuffer
@dynamic device, label;

- (instancetype)initWithQueue:(DoubleQueue *)aQueue
{
	[super initWithDevice:aQueue.device];
	queue = [aQueue retain];
	pthread_mutex_init(&lock, NULL);
	pthread_cond_init(&changed, NULL);
	return self;
}

- (void)releaseOperations
{
	for (size_t i = 0; i < operation_count; i++)
		[operations[i] release];
	operation_count = 0;
}

- (void)giveBack
{
	if (!givenBack)
		[queue giveBack];
	givenBack = YES;
}

- (void)dealloc
{
	[self giveBack];
	[self releaseOperations];
	finish_handlers(scheduled, &scheduled_count, nil);
	finish_handlers(completed, &completed_count, nil);
	free(operations);
	free(scheduled);
	free(completed);
	[error release];
	[queue release];
	pthread_cond_destroy(&changed);
	pthread_mutex_destroy(&lock);
	[super dealloc];
}

- (void)become:(MTLCommandBufferStatus)next
{
	pthread_mutex_lock(&lock);
	status = next;
	pthread_cond_broadcast(&changed);
	pthread_mutex_unlock(&lock);
}

- (void)fail:(NSInteger)code text:(const char *)text
{
	NSString *domain = [NSString stringWithUTF8String:"MTLCommandBufferErrorDomain"];

	error = [[DoubleError alloc] initWithDomain:domain code:code text:text];
}

/* Runs the operations up to the one at which the GPU stops. No later one runs, not even a
 * signal. */
- (void)run
{
	for (size_t i = 0; !error && i < operation_count; i++) {
		@autoreleasepool {
			if (double_fails("operation"))
				[self fail:MTLCommandBufferErrorTimeout
					text:"the double's GPU stopped midway"];
			else
				[operations[i] run];
		}
	}
}

/* Runs the command buffer and its handlers. The queue's thread calls this. */
- (void)execute
{
	if (double_fails("execute"))
		[self fail:MTLCommandBufferErrorInternal text:"the double's GPU gave up"];
	else if (double_fails("deviceRemoved"))
		[self fail:MTLCommandBufferErrorDeviceRemoved text:"the double's GPU is gone"];
	else if (double_fails("accessRevoked"))
		[self fail:MTLCommandBufferErrorAccessRevoked
			text:"the double's GPU ignores this process"];
	[self become:MTLCommandBufferStatusScheduled];
	finish_handlers(scheduled, &scheduled_count, self);
	[self run];
	[self releaseOperations];
	[self become:error ? MTLCommandBufferStatusError : MTLCommandBufferStatusCompleted];
	[self giveBack];
	finish_handlers(completed, &completed_count, self);
	pthread_mutex_lock(&lock);
	handled = YES;
	pthread_cond_broadcast(&changed);
	pthread_mutex_unlock(&lock);
}

- (void)checkOpen:(const char *)what
{
	if (self.status != MTLCommandBufferStatusNotEnqueued)
		double_die("%s of a command buffer that was committed", what);
	if (encoder)
		double_die("%s while an encoder of the command buffer is open", what);
}

- (void)add:(DoubleOperation *)operation
{
	append((void ***)&operations, &operation_count, operation);
}

- (void)ended
{
	encoder = nil;
}

- (id<MTLCommandQueue>)commandQueue
{
	return queue;
}

- (MTLCommandBufferStatus)status
{
	MTLCommandBufferStatus result;

	pthread_mutex_lock(&lock);
	result = status;
	pthread_mutex_unlock(&lock);
	return result;
}

- (NSError *)error
{
	return self.status == MTLCommandBufferStatusError ? error : nil;
}

- (void)commit
{
	[self checkOpen:"commit"];
	[self become:MTLCommandBufferStatusCommitted];
	[self retain];
	double_worker_run([queue worker], execute, self);
}

- (void)addScheduledHandler:(MTLCommandBufferHandler)block
{
	if (self.status != MTLCommandBufferStatusNotEnqueued)
		double_die("addScheduledHandler: after commit");
	append(&scheduled, &scheduled_count, double_block_copy(block));
}

- (void)addCompletedHandler:(MTLCommandBufferHandler)block
{
	if (self.status != MTLCommandBufferStatusNotEnqueued)
		double_die("addCompletedHandler: after commit");
	append(&completed, &completed_count, double_block_copy(block));
}

- (void)waitUntilScheduled
{
	pthread_mutex_lock(&lock);
	if (status == MTLCommandBufferStatusNotEnqueued)
		double_die("waitUntilScheduled before commit");
	while (status < MTLCommandBufferStatusScheduled)
		pthread_cond_wait(&changed, &lock);
	pthread_mutex_unlock(&lock);
}

- (void)waitUntilCompleted
{
	pthread_mutex_lock(&lock);
	if (status == MTLCommandBufferStatusNotEnqueued)
		double_die("waitUntilCompleted before commit");
	while (!handled)
		pthread_cond_wait(&changed, &lock);
	pthread_mutex_unlock(&lock);
}

- (id<MTLBlitCommandEncoder>)blitCommandEncoder
{
	DoubleBlitEncoder *blit;

	[self checkOpen:"blitCommandEncoder"];
	if (double_fails("blitCommandEncoder"))
		return nil;
	blit = [[[DoubleBlitEncoder alloc] initWithBuffer:self] autorelease];
	encoder = blit;
	return blit;
}

- (id<MTLRenderCommandEncoder>)renderCommandEncoderWithDescriptor:(MTLRenderPassDescriptor *)pass
{
	DoubleRenderEncoder *render;

	[self checkOpen:"renderCommandEncoderWithDescriptor:"];
	render = [[[DoubleRenderEncoder alloc] initWithBuffer:self] autorelease];
	encoder = render;
	[render clear:pass];
	return render;
}

- (void)encode:(enum double_operation)kind event:(id<MTLEvent>)event value:(uint64_t)value
{
	DoubleOperation *it = [[DoubleOperation alloc] init];

	[self checkOpen:"encoding an event"];
	it->kind = kind;
	it->to = [event retain];
	it->value = value;
	[self add:it];
}

- (void)encodeWaitForEvent:(id<MTLEvent>)event value:(uint64_t)value
{
	double_require("encodeWaitForEvent:value:");
	[self encode:WAIT event:event value:value];
}

- (void)encodeSignalEvent:(id<MTLEvent>)event value:(uint64_t)value
{
	double_require("encodeSignalEvent:value:");
	[self encode:SIGNAL event:event value:value];
}
@end
