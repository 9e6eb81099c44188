/* SPDX-License-Identifier: MIT */
/* Memory entries, as far as the double has them. */
#ifndef GY_DOUBLE_MACH_VM_H
#define GY_DOUBLE_MACH_VM_H

#include <mach/kern_return.h>
#include <mach/port.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef uintptr_t vm_address_t;
typedef uintptr_t vm_offset_t;
typedef uintptr_t vm_size_t;
typedef int vm_prot_t;
typedef unsigned int vm_inherit_t;
typedef int boolean_t;
typedef unsigned long long memory_object_offset_t;
typedef unsigned long long memory_object_size_t;
typedef mach_port_t vm_map_t;
typedef mach_port_t mem_entry_name_port_t;

#define VM_PROT_READ ((vm_prot_t)0x01)
#define VM_PROT_WRITE ((vm_prot_t)0x02)
#define VM_FLAGS_ANYWHERE 0x0001
#define VM_INHERIT_SHARE ((vm_inherit_t)0)
#define MAP_MEM_NAMED_CREATE 0x020000
#define MAP_MEM_VM_SHARE 0x400000
#ifndef FALSE
#define FALSE 0
#endif

kern_return_t mach_make_memory_entry_64(vm_map_t task, memory_object_size_t *size,
	memory_object_offset_t offset, vm_prot_t permission, mach_port_t *entry,
	mem_entry_name_port_t parent);
kern_return_t vm_map(vm_map_t task, vm_address_t *address, vm_size_t size, vm_address_t mask,
	int flags, mem_entry_name_port_t object, vm_offset_t offset, boolean_t copy,
	vm_prot_t current, vm_prot_t most, vm_inherit_t inheritance);
kern_return_t vm_deallocate(vm_map_t task, vm_address_t address, vm_size_t size);

#ifdef __cplusplus
}
#endif

#endif
