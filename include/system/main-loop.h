/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The main loop: GLib's default context on the main thread, which holds the device lock except
 * while it sleeps.  GSources of character devices and monitors therefore run with the lock held.
 */
#ifndef SYSTEM_MAIN_LOOP_H
#define SYSTEM_MAIN_LOOP_H

#include <stdbool.h>
#include <glib.h>

/* Runs until main_loop_quit() (or a shutdown request that the policy lets through); the exit
 * status. */
int main_loop_run(void);
/* Any thread. */
void main_loop_quit(int exit_status);
/* One turn; blocks for work if may_block (tests, waiting inside a command). Device lock held. */
bool main_loop_iterate(bool may_block);
/* Wakes the loop. Any thread. */
void main_loop_notify(void);
bool main_loop_is_running(void);
/* main_loop_quit() was called: whoever turns the loop inside a command gives up. */
bool main_loop_is_quitting(void);

/* Bottom half: fn runs once on the main thread soon after bh_schedule(), however often it was
 * called. */
typedef struct BottomHalf BottomHalf;
BottomHalf *bh_new(void (*fn)(void *opaque), void *opaque);
/* Any thread. */
void bh_schedule(BottomHalf *bh);
void bh_cancel(BottomHalf *bh);
/* Main thread, lock held. */
void bh_delete(BottomHalf *bh);

/* Calls fn(opaque) on the main thread with the lock held, in order. Any thread. */
void run_on_main(void (*fn)(void *opaque), void *opaque);

#endif
