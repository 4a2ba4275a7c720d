//go:build !linux

package link

import "net"

// checkPeer has nobody to ask here: the socket's file mode alone lets peers in.
func checkPeer(net.Conn) error { return nil }
