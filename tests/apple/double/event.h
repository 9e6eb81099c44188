/* SPDX-License-Identifier: MIT */
#ifndef GY_DOUBLE_EVENT_H
#define GY_DOUBLE_EVENT_H

struct double_event;
struct double_event *double_event_ref(struct double_event *event);
void double_event_unref(struct double_event *event);

#endif
