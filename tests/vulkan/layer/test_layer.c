/* Tests of the layer: it is loaded, does nothing until the trigger, and then each call reports the
 * loss at once. */
#include "gpu.h"
#include "harness.h"
#include "trigger.h"

/* A blocked call notices the loss within half a millisecond. The limit is for a machine under load.
 */
#define AT_ONCE (3 * SECOND)

struct lost {
	struct trigger trigger;
	struct geyser_vulkan_device raw;
	VkSemaphore semaphore;
	VkFence fence;
	struct latch waiting;
};

static VkSemaphore make_timeline(VkDevice device)
{
	const VkSemaphoreTypeCreateInfo type = {
		.sType = VK_STRUCTURE_TYPE_SEMAPHORE_TYPE_CREATE_INFO,
		.semaphoreType = VK_SEMAPHORE_TYPE_TIMELINE,
	};
	const VkSemaphoreCreateInfo info = {
		.sType = VK_STRUCTURE_TYPE_SEMAPHORE_CREATE_INFO,
		.pNext = &type,
	};
	VkSemaphore semaphore;

	vk(vkCreateSemaphore(device, &info, NULL, &semaphore));
	return semaphore;
}

static void begin(void **state, struct lost *lost)
{
	const VkFenceCreateInfo info = {.sType = VK_STRUCTURE_TYPE_FENCE_CREATE_INFO};

	arm_trigger(&lost->trigger, *state);
	assert_true(raw_open(&lost->raw, ""));
	lost->semaphore = make_timeline(lost->raw.device);
	vk(vkCreateFence(lost->raw.device, &info, NULL, &lost->fence));
	latch_init(&lost->waiting);
}

static void end(struct lost *lost)
{
	latch_finish(&lost->waiting);
	vkDestroyFence(lost->raw.device, lost->fence, NULL);
	vkDestroySemaphore(lost->raw.device, lost->semaphore, NULL);
	raw_close(&lost->raw);
	disarm_trigger(&lost->trigger);
}

static VkResult wait_semaphore(const struct lost *lost, uint64_t value, uint64_t timeout)
{
	const VkSemaphoreWaitInfo info = {
		.sType = VK_STRUCTURE_TYPE_SEMAPHORE_WAIT_INFO,
		.semaphoreCount = 1,
		.pSemaphores = &lost->semaphore,
		.pValues = &value,
	};

	return vkWaitSemaphores(lost->raw.device, &info, timeout);
}

static VkResult signal_semaphore(const struct lost *lost, uint64_t value)
{
	const VkSemaphoreSignalInfo info = {
		.sType = VK_STRUCTURE_TYPE_SEMAPHORE_SIGNAL_INFO,
		.semaphore = lost->semaphore,
		.value = value,
	};

	return vkSignalSemaphore(lost->raw.device, &info);
}

/* Submits work that waits until the semaphore has the value. */
static VkResult submit_waiting(const struct lost *lost, uint64_t value)
{
	const VkPipelineStageFlags stages = VK_PIPELINE_STAGE_ALL_COMMANDS_BIT;
	const VkTimelineSemaphoreSubmitInfo values = {
		.sType = VK_STRUCTURE_TYPE_TIMELINE_SEMAPHORE_SUBMIT_INFO,
		.waitSemaphoreValueCount = 1,
		.pWaitSemaphoreValues = &value,
	};
	const VkSubmitInfo info = {
		.sType = VK_STRUCTURE_TYPE_SUBMIT_INFO,
		.pNext = &values,
		.waitSemaphoreCount = 1,
		.pWaitSemaphores = &lost->semaphore,
		.pWaitDstStageMask = &stages,
	};

	return vkQueueSubmit(lost->raw.queue, 1, &info, lost->fence);
}

static void it_is_loaded(void **state)
{
	VkLayerProperties layers[64];
	uint32_t count = COUNT_OF(layers), found = 0;

	(void)state;
	vk(vkEnumerateInstanceLayerProperties(&count, layers));
	for (uint32_t i = 0; i < count; i++)
		found += strcmp(layers[i].layerName, "VK_LAYER_GEYSER_lose_device") == 0;
	assert_int_equal(found, 1);
}

static void nothing_is_lost_until_it_is_told(void **state)
{
	struct lost lost;
	uint64_t value;

	begin(state, &lost);
	vk(submit_waiting(&lost, 7));
	assert_int_equal(vkGetFenceStatus(lost.raw.device, lost.fence), VK_NOT_READY);
	assert_int_equal(wait_semaphore(&lost, 7, 0), VK_TIMEOUT);
	assert_int_equal(wait_semaphore(&lost, 7, 3 * MILLISECOND), VK_TIMEOUT);
	vk(signal_semaphore(&lost, 7));
	vk(wait_semaphore(&lost, 7, PATIENCE));
	vk(vkGetSemaphoreCounterValue(lost.raw.device, lost.semaphore, &value));
	assert_int_equal(value, 7);
	vk(vkWaitForFences(lost.raw.device, 1, &lost.fence, VK_TRUE, PATIENCE));
	vk(vkQueueWaitIdle(lost.raw.queue));
	vk(vkDeviceWaitIdle(lost.raw.device));
	end(&lost);
}

static void every_call_says_so(void **state)
{
	const VkMemoryAllocateInfo info = {
		.sType = VK_STRUCTURE_TYPE_MEMORY_ALLOCATE_INFO,
		.allocationSize = 4096,
	};
	VkDeviceMemory memory;
	struct lost lost;
	VkDevice device;
	uint64_t value;

	begin(state, &lost);
	device = lost.raw.device;
	vk(submit_waiting(&lost, 7)); /* the work never ends by itself */
	pull_trigger(&lost.trigger);
	assert_int_equal(submit_waiting(&lost, 0), VK_ERROR_DEVICE_LOST);
	assert_int_equal(signal_semaphore(&lost, 7), VK_ERROR_DEVICE_LOST);
	assert_int_equal(wait_semaphore(&lost, 7, 0), VK_ERROR_DEVICE_LOST);
	assert_int_equal(
		vkGetSemaphoreCounterValue(device, lost.semaphore, &value), VK_ERROR_DEVICE_LOST);
	assert_int_equal(vkGetFenceStatus(device, lost.fence), VK_ERROR_DEVICE_LOST);
	assert_int_equal(vkWaitForFences(device, 1, &lost.fence, VK_TRUE, 0), VK_ERROR_DEVICE_LOST);
	assert_int_equal(vkQueueWaitIdle(lost.raw.queue), VK_ERROR_DEVICE_LOST);
	assert_int_equal(vkDeviceWaitIdle(device), VK_ERROR_DEVICE_LOST);
	assert_int_equal(vkAllocateMemory(device, &info, NULL, &memory), VK_ERROR_DEVICE_LOST);
	end(&lost);
}

/* ---- calls that are blocked when the device is lost ---- */

static VkResult block_in_semaphore(struct lost *lost)
{
	return wait_semaphore(lost, 9, UINT64_MAX);
}

static VkResult block_in_fence(struct lost *lost)
{
	return vkWaitForFences(lost->raw.device, 1, &lost->fence, VK_TRUE, UINT64_MAX);
}

static VkResult block_in_queue(struct lost *lost)
{
	return vkQueueWaitIdle(lost->raw.queue);
}

static VkResult block_in_device(struct lost *lost)
{
	return vkDeviceWaitIdle(lost->raw.device);
}

struct blocked {
	struct lost lost;
	VkResult (*block)(struct lost *lost);
};

static void *run_blocked(void *data)
{
	struct blocked *blocked = data;

	latch_add(&blocked->lost.waiting);
	check(blocked->block(&blocked->lost) == VK_ERROR_DEVICE_LOST);
	return NULL;
}

static void a_blocked_call_says_so(void **state)
{
	static VkResult (*const calls[])(struct lost * lost) = {
		block_in_semaphore,
		block_in_fence,
		block_in_queue,
		block_in_device,
	};

	for (size_t i = 0; i < COUNT_OF(calls); i++) {
		struct blocked blocked = {.block = calls[i]};
		pthread_t thread;
		uint64_t begun;

		begin(state, &blocked.lost);
		vk(submit_waiting(&blocked.lost, 7));
		assert_int_equal(pthread_create(&thread, NULL, run_blocked, &blocked), 0);
		assert_true(latch_wait(&blocked.lost.waiting, 1));
		begun = now_ns();
		pull_trigger(&blocked.lost.trigger);
		assert_int_equal(pthread_join(thread, NULL), 0);
		no_failures();
		print_message("# blocked call %zu: %.2f ms\n", i, (double)(now_ns() - begun) / 1e6);
		assert_in_range(now_ns() - begun, 0, AT_ONCE);
		end(&blocked.lost);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		registry_test(it_is_loaded),
		registry_test(nothing_is_lost_until_it_is_told),
		registry_test(every_call_says_so),
		registry_test(a_blocked_call_says_so),
	};
	struct geyser_vulkan_device raw;

	if (!raw_open(&raw, "")) {
		(void)puts("1..0 # SKIP no Vulkan device");
		return 0;
	}
	raw_close(&raw);
	return cmocka_run_group_tests_name("layer", tests, NULL, NULL);
}
