package ui

import (
	"context"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/creack/pty"
	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"balcao/terminal/snapshot"
)

// What is typed on a terminal is echoed, a PIN is not.
func TestPlainOnATerminalHidesThePINAndDropsAScannersLineFeed(t *testing.T) {
	socket, shop := openShop(t, snapshot.Locked)
	master, tty, err := pty.Open()
	require.NoError(t, err)
	t.Cleanup(func() {
		_ = master.Close()
		_ = tty.Close()
	})
	shown := make(chan string, 256)
	go func() {
		buffer := make([]byte, 1024)
		for {
			n, err := master.Read(buffer)
			if err != nil {
				return
			}
			shown <- string(buffer[:n])
		}
	}()
	var seen strings.Builder
	waits := func(words string) {
		deadline := time.After(10 * time.Second)
		for !strings.Contains(seen.String(), words) {
			select {
			case one := <-shown:
				seen.WriteString(one)
			case <-deadline:
				require.FailNow(t, "the session never said "+words, seen.String())
			}
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- Plain(ctx, PlainOptions{Socket: socket, In: tty, Out: tty}) }()
	types := func(text string) {
		_, err := master.WriteString(text)
		require.NoError(t, err)
	}
	waits("Travado")
	types(":login 214\n")
	waits("Agora o PIN.")
	require.Eventually(t, func() bool { return !echoes(t, tty) }, 5*time.Second, time.Millisecond)
	types("1357\n")
	waits("Fechado")
	require.NotContains(t, seen.String(), "1357")
	require.True(t, echoes(t, tty), "the echo is back")
	types(":open 200\n")
	waits("Caixa livre")
	types("7896006711131\r\n") // the line feed is the scanner's, no empty line that pays
	waits("Total 10,00")
	types(":where\n")
	waits(":where")
	waits("Total 10,00, itens 1.")
	require.Equal(t, []string{"login 214 PIN:1357", "open 200.00", "enter 7896006711131"}, shop.commands())
	types(":login 214\n")
	require.Eventually(t, func() bool { return !echoes(t, tty) }, 5*time.Second, time.Millisecond)
	cancel()
	require.NoError(t, <-ended)
	require.True(t, echoes(t, tty), "a session that ends over a PIN gives the echo back")
	require.NotContains(t, seen.String(), "\x1b")
}

func echoes(t *testing.T, tty *os.File) bool {
	t.Helper()
	modes, err := unix.IoctlGetTermios(int(tty.Fd()), unix.TCGETS)
	require.NoError(t, err)
	return modes.Lflag&unix.ECHO != 0
}
