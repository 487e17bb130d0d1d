#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# netns.sh - sourced: two network namespaces with a veth between them, of our
# own and gone at exit; and a folder for what is built and written.
set -euo pipefail

netns_a=dlob-$$-a netns_b=dlob-$$-b
work=
pids=()

netns_down() {
	local pid
	for pid in "${pids[@]}"; do
		kill "$pid" 2>/dev/null || true
	done
	ip netns del "$netns_a" 2>/dev/null || true
	ip netns del "$netns_b" 2>/dev/null || true
	if [ -n "$work" ]; then
		rm -rf "$work"
	fi
}

# Leaves veth dlo0 up in $netns_a, dlo1 in $netns_b.
netns_up() {
	if [ "$(id -u)" -ne 0 ]; then
		echo "needs root (network namespaces)" >&2
		exit 77
	fi
	trap netns_down EXIT
	trap 'exit 1' INT TERM
	work=$(mktemp -d)
	ip netns add "$netns_a"
	ip netns add "$netns_b"
	# No packet but ours: IPv6 would announce itself.
	ip netns exec "$netns_a" sysctl -q net.ipv6.conf.default.disable_ipv6=1 \
		2>/dev/null || true
	ip netns exec "$netns_b" sysctl -q net.ipv6.conf.default.disable_ipv6=1 \
		2>/dev/null || true
	ip -n "$netns_a" link add dlo0 type veth peer name dlo1 netns "$netns_b"
	ip -n "$netns_a" link set dlo0 up
	ip -n "$netns_b" link set dlo1 up
}

# listen NAME COMMAND...: starts it in $netns_b and waits for "listening on";
# its process is $listener, what it says in $work/NAME.err.
listen() {
	local name=$1 i
	shift
	ip netns exec "$netns_b" "$@" >"$work/$name.out" 2>"$work/$name.err" &
	listener=$!
	pids+=("$listener")
	for ((i = 0; i < 100; i++)); do
		if grep -q 'listening on' "$work/$name.err"; then
			return 0
		fi
		sleep 0.1
	done
	cat "$work/$name.err" >&2
	return 1
}
