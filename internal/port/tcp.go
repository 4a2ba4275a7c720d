package port

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/url"
	"time"

	"golang.org/x/sys/unix"
)

const (
	// connectTimeout is long for a wired shop network, whose answer takes
	// milliseconds, and short for a cashier who waits for a printer.
	connectTimeout = 5 * time.Second
	// keepAliveIdle, keepAliveInterval and keepAliveCount find a device that
	// was switched off in silence within 10 + 3·5 s, about the time a cashier
	// takes to notice.
	keepAliveIdle     = 10 * time.Second
	keepAliveInterval = 5 * time.Second
	keepAliveCount    = 3
)

func dialTCP(ctx context.Context, address *url.URL) (stream, error) {
	if address.Port() == "" || address.Hostname() == "" || address.Path != "" {
		return nil, errors.New("write it as tcp://HOST:PORT")
	}
	if err := checkOptions(address); err != nil {
		return nil, err
	}
	dialer := net.Dialer{
		Timeout: connectTimeout,
		KeepAliveConfig: net.KeepAliveConfig{
			Enable:   true,
			Idle:     keepAliveIdle,
			Interval: keepAliveInterval,
			Count:    keepAliveCount,
		},
	}
	conn, err := dialer.DialContext(ctx, "tcp", address.Host)
	if err != nil {
		return nil, fmt.Errorf("%w (%s)", err, connectHint(err))
	}
	return conn, nil
}

// connectHint says what a person can do about a host that does not answer.
func connectHint(err error) string {
	var name *net.DNSError
	switch {
	case errors.Is(err, unix.ECONNREFUSED):
		return "the host is there but does not listen: check the port, and whether another till holds the device"
	case errors.As(err, &name):
		return "no such host name: use the device's address"
	default:
		return "no answer: check address, cable and power"
	}
}
