#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# packages.sh - sourced by quickstart and check: Debian packages on demand.
set -euo pipefail

# make is for gcc, which links in parallel with it, and warns without.
# shellcheck disable=SC2034 # used by those who source this
BUILD_PACKAGES=(gcc make libc6-dev meson ninja-build pkg-config libpcap-dev
	libldns-dev libuv1-dev libidn2-dev libpsl-dev libssl-dev zlib1g-dev
	libzstd-dev libcap-ng-dev libseccomp-dev libyaml-dev libjansson-dev)
# shellcheck disable=SC2034
CHECK_PACKAGES=(clang clang-format libclang-rt-14-dev libcmocka-dev scdoc
	mandoc universal-ctags shellcheck tcpdump unbound dnsperf bind9-dnsutils
	rsyslog iproute2 procps jq zstd python3
	faketime systemd logrotate prometheus rsyslog-relp openssl
	# syslog-ng-core's, see check
	libglib2.0-0 libivykis0 libjson-c5 libnet1 libpcre3 libwrap0
	mmdebstrap systemd-container util-linux) # a machine to boot

missing_packages() {
	local package
	for package; do
		if [ "$(dpkg-query -W -f='${db:Status-Status}' "$package" \
			2>/dev/null)" != installed ]; then
			printf '%s\n' "$package"
		fi
	done
}

# No daemon is started by an installation: invoke-rc.d and systemd ask
# policy-rc.d. One that is there already is left alone.
quiet_install() {
	local policy=/usr/sbin/policy-rc.d ours='' status=0
	if [ ! -e "$policy" ] && [ ! -L "$policy" ]; then
		ours=1
		printf '#!/bin/sh\nexit 101\n' >"$policy"
		chmod 755 "$policy"
	fi
	export DEBIAN_FRONTEND=noninteractive
	apt-get update -q || echo "apt-get update failed: trying with what is known"
	apt-get install -y -q --no-install-recommends "$@" || status=$?
	if [ -n "$ours" ]; then
		rm -f "$policy"
	fi
	return "$status"
}

# unpack_package PACKAGE DIR: for what cannot be installed beside another one.
# The packages that it needs are installed otherwise.
unpack_package() {
	local package=$1 dir=$2
	if [ -d "$dir" ]; then
		return 0
	fi
	mkdir -p "$dir.new"
	(cd "$dir.new" && apt-get download -q "$package" &&
		dpkg-deb -x "$package"_*.deb . && rm -f "$package"_*.deb) &&
		mv "$dir.new" "$dir"
}

# Installs those of the packages that are missing, or says how. Without apt-get
# it names them all and goes on: the build says what it does not find.
install_packages() {
	local missing
	if ! command -v apt-get >/dev/null; then
		echo "no apt-get here; Debian calls what is needed: $*"
		return 0
	fi
	mapfile -t missing < <(missing_packages "$@")
	if [ "${#missing[@]}" -eq 0 ]; then
		echo "packages: all there"
		return 0
	fi
	echo "packages: missing ${missing[*]}"
	if [ "$(id -u)" -eq 0 ]; then
		quiet_install "${missing[@]}" && return
	elif command -v sudo >/dev/null; then
		sudo bash -c "$(declare -f quiet_install)"'; quiet_install "$@"' \
			bash "${missing[@]}" && return
	else
		echo "neither root nor sudo here"
	fi
	printf '%s\n' "The packages are not there. As root, and then again this:" \
		"  apt-get update" \
		"  apt-get install --no-install-recommends ${missing[*]}" >&2
	return 1
}
