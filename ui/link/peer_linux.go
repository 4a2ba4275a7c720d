package link

import (
	"errors"
	"fmt"
	"net"
	"os"
	"slices"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// groupsMax bounds the groups of a peer that are looked at.
const groupsMax = 256

// checkPeer refuses a peer that is neither root, nor this user, nor in this
// group. A connection that is no socket comes from this process.
func checkPeer(conn net.Conn) error {
	socket, ok := conn.(*net.UnixConn)
	if !ok {
		return nil
	}
	raw, err := socket.SyscallConn()
	if err != nil {
		return fmt.Errorf("ask who the peer is: %w", err)
	}
	var peer *unix.Ucred
	var groups []uint32
	var asked error
	err = raw.Control(func(descriptor uintptr) {
		peer, asked = unix.GetsockoptUcred(int(descriptor), unix.SOL_SOCKET, unix.SO_PEERCRED)
		groups = peerGroups(descriptor)
	})
	if err = errors.Join(err, asked); err != nil {
		return fmt.Errorf("ask who the peer is: %w", err)
	}
	group := uint32(os.Getegid())
	if peer.Uid == 0 || peer.Uid == uint32(os.Geteuid()) || peer.Gid == group || slices.Contains(groups, group) {
		return nil
	}
	return fmt.Errorf("user %d is not this daemon's user and not in its group %d", peer.Uid, group)
}

// peerGroups answers the peer's supplementary groups (Linux 4.13 on), none if
// they cannot be had: a kiosk's screen has its own user and the daemon's group.
func peerGroups(descriptor uintptr) []uint32 {
	groups := make([]uint32, groupsMax)
	size := uint32(len(groups)) * uint32(unsafe.Sizeof(groups[0]))
	_, _, failed := syscall.Syscall6(syscall.SYS_GETSOCKOPT, descriptor, unix.SOL_SOCKET, unix.SO_PEERGROUPS,
		uintptr(unsafe.Pointer(&groups[0])), uintptr(unsafe.Pointer(&size)), 0)
	if failed != 0 {
		return nil
	}
	return groups[:size/uint32(unsafe.Sizeof(groups[0]))]
}
