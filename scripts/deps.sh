#!/bin/sh
# Finds or installs what a full build needs. Prints the build settings as shell
# assignments on stdout: eval "$(scripts/deps.sh)". All talk goes to stderr, one
# line for each decision. Never fails: what cannot be had costs only its feature.
#
#   scripts/deps.sh         C compiler and libusb
#   scripts/deps.sh tmux    only the tmux that one level of the screen tests needs

own=$(cd "$(dirname "$0")/.." && pwd)/.deps

say() { echo "deps: $*" >&2; }
set_to() { printf "%s='%s'\n" "$1" "$2"; }

# install asks apt for packages, as root or where sudo asks nobody.
install() {
	command -v apt-get >/dev/null || return 1
	root=
	[ "$(id -u)" = 0 ] || { sudo -n true 2>/dev/null && root='sudo -n'; } || return 1
	say "installing $*"
	set -- $root env DEBIAN_FRONTEND=noninteractive apt-get -qq -y -o DPkg::Lock::Timeout=60 install --no-install-recommends "$@"
	mkdir -p "$own"
	{ "$@" || { $root apt-get -qq update && "$@"; }; } >"$own/install.log" 2>&1 || { say 'that failed, see .deps/install.log' && false; }
}

# unpack fetches libusb into .deps, which needs no root; with package lists of
# its own where the machine has none.
unpack() (
	command -v apt-get >/dev/null && command -v dpkg >/dev/null || exit
	say 'libusb cannot be installed here: unpacking it into .deps (log: .deps/unpack.log)'
	mkdir -p "$own/lists/partial" && cd "$own" && exec >unpack.log 2>&1 || exit
	lists="-o Dir::State::lists=$own/lists -o Dir::Cache=$own"
	set -- download libusb-1.0-0-dev libusb-1.0-0
	apt-get -qq "$@" || { apt-get -qq $lists update && apt-get -qq $lists "$@"; } || exit
	for package in libusb-1.0-0*.deb; do dpkg -x "$package" tree || exit; done
)

# unpacked prints the settings for a libusb in .deps that really links. PKG_CONFIG
# is the command true: pkg-config may be missing too, and the flags say all.
unpacked() {
	headers="-I$own/tree/usr/include/libusb-1.0"
	libraries=$(dirname "$own"/tree/usr/lib/*/libusb-1.0.so)
	printf '#include <libusb.h>\nint main(void) { return libusb_init(0); }\n' |
		$cc -x c -o /dev/null - "$headers" "-L$libraries" -lusb-1.0 2>/dev/null || return
	set_to TAGS ''; set_to PKG_CONFIG true; set_to CGO_CFLAGS "-O2 -g $headers"
	set_to CGO_LDFLAGS "-O2 -g -L$libraries -Wl,-rpath,$libraries -lusb-1.0"
}

if [ "${1-}" = tmux ]; then
	command -v tmux >/dev/null || install tmux || say 'no tmux: tests of the screen in a real terminal are skipped'
	exit 0
fi

cc=$(go env CC)
if [ "$(go env CGO_ENABLED)" = 0 ] || ! echo 'int main(void) { return 0; }' | $cc -x c -o /dev/null - 2>/dev/null; then
	say 'no C compiler (or CGO_ENABLED=0): built without USB (tag nousb), tested without the race detector'
	set_to CGO_ENABLED 0; set_to TAGS nousb; set_to RACE ''
	exit 0
fi
set_to CGO_ENABLED 1
case $(go env GOARCH) in
amd64 | arm64 | ppc64le | s390x) set_to RACE -race ;;
*) say 'no race detector for this processor: tested without it'; set_to RACE '' ;;
esac

libusb() { pkg-config --exists libusb-1.0 2>/dev/null && set_to TAGS ''; }
if libusb || unpacked; then
	:
elif install libusb-1.0-0-dev pkg-config && libusb; then
	say 'libusb installed'
elif unpack && unpacked; then
	say 'libusb unpacked'
else
	say 'no libusb to be had: built without USB (tag nousb); simulators, serial and network devices work'
	set_to TAGS nousb
fi
