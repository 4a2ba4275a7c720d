package link_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"balcao/terminal/ident"
	"balcao/terminal/money"
	"balcao/terminal/snapshot"
	"balcao/ui/link"
	"balcao/ui/link/pipe"
)

var quiet = slog.New(slog.DiscardHandler)

// serve runs a till's end on a socket of its own until the test ends, or stop is
// called.
func serve(t *testing.T, path string, till link.Backend) (stop func()) {
	t.Helper()
	listener, err := link.Listen(path)
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(t.Context())
	served := make(chan error, 1)
	go func() { served <- link.ServeOn(ctx, listener, till, quiet) }()
	stopped := false
	stop = func() {
		cancel()
		if !stopped {
			require.NoError(t, <-served)
			stopped = true
		}
	}
	t.Cleanup(stop)
	return stop
}

func socket(t *testing.T) string { return filepath.Join(t.TempDir(), "lane.sock") }

func dial(t *testing.T, path string) *link.Client {
	client := link.Dial(path)
	t.Cleanup(client.Close)
	return client
}

func lead(t *testing.T, client *link.Client) {
	t.Helper()
	lease, err := client.Lease(t.Context(), false)
	require.NoError(t, err)
	require.True(t, lease.Holder)
}

func command(verb string) link.Command {
	return link.Command{RequestID: link.NewRequestID(), Verb: verb}
}

func TestScreenSeesTheTillAndCommandsIt(t *testing.T) {
	path, till := socket(t), newMemoryTill()
	serve(t, path, till)
	client := dial(t, path)
	shown, err := client.Snapshot(t.Context())
	require.NoError(t, err)
	require.EqualValues(t, 1, shown.Number)
	lead(t, client)
	float := money.Cents(200_00)
	open := command(link.VerbOpen)
	open.Amount = &float
	reply, err := client.Do(t.Context(), open)
	require.NoError(t, err)
	require.True(t, reply.OK)
	require.EqualValues(t, 1, reply.Seq)
	require.Equal(t, float, *till.commands()[0].Amount)
	refused, err := client.Do(t.Context(), command(link.VerbCancelSale))
	require.NoError(t, err)
	require.False(t, refused.OK)
	require.Equal(t, "core.refused.no_sale", refused.Error.ID)
	require.Equal(t, snapshot.NotCharged, refused.Money)
}

func TestSameRequestIsAnsweredOnce(t *testing.T) {
	path, till := socket(t), newMemoryTill()
	serve(t, path, till)
	client := dial(t, path)
	lead(t, client)
	enter := command(link.VerbEnter)
	for i := range 2 {
		reply, err := client.Do(t.Context(), enter)
		require.NoError(t, err)
		require.Equal(t, i == 1, reply.Duplicate)
	}
	require.Len(t, till.commands(), 1)
}

func TestViewerIsRefusedWithItsReason(t *testing.T) {
	path, till := socket(t), newMemoryTill()
	serve(t, path, till)
	first, second := dial(t, path), dial(t, path)
	lead(t, first)
	lease, err := second.Lease(t.Context(), false)
	require.NoError(t, err)
	require.False(t, lease.Holder)
	reply, err := second.Do(t.Context(), command(link.VerbEnter))
	require.NoError(t, err)
	require.False(t, reply.OK)
	require.Equal(t, "screen.refused.lease", reply.Error.ID)
	require.Empty(t, till.commands())

	lease, err = second.Lease(t.Context(), true)
	require.NoError(t, err)
	require.True(t, lease.Holder, "a take-over")
	lease, err = first.Lease(t.Context(), false)
	require.NoError(t, err)
	require.False(t, lease.Holder, "the first one is a viewer now")
}

func TestRestartedTillIsToldTheSameRequest(t *testing.T) {
	path, till := socket(t), newMemoryTill()
	stop := serve(t, path, till)
	client := dial(t, path)
	lead(t, client)
	enter := command(link.VerbEnter)
	_, err := client.Do(t.Context(), enter)
	require.NoError(t, err)
	stop()

	answered := make(chan link.Reply, 1)
	go func() {
		reply, err := client.Do(t.Context(), enter)
		if err == nil {
			answered <- reply
		}
	}()
	serve(t, path, till)
	select {
	case reply := <-answered:
		require.True(t, reply.OK)
		require.True(t, reply.Duplicate, "the new till knows no lease, and still the request counts as done")
	case <-time.After(10 * time.Second):
		require.Fail(t, "the command was never answered")
	}
	require.Len(t, till.commands(), 1)
}

func TestCommandWithoutAnAnswerIsToldAgain(t *testing.T) {
	path, till := socket(t), newMemoryTill()
	till.silent = 2
	serve(t, path, till)
	client := dial(t, path)
	lead(t, client)
	reply, err := client.Do(t.Context(), command(link.VerbEnter))
	require.NoError(t, err)
	require.True(t, reply.OK)
	require.Len(t, till.commands(), 1)
}

func TestCommandThatNobodyHearsEndsWithItsContext(t *testing.T) {
	client := dial(t, socket(t))
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := client.Do(ctx, command(link.VerbEnter))
	require.ErrorIs(t, err, context.Canceled)
	require.ErrorContains(t, err, "do enter ")
}

func TestUnknownVerbAndLongTextAreRefused(t *testing.T) {
	path := socket(t)
	serve(t, path, newMemoryTill())
	client := dial(t, path)
	lead(t, client)
	_, err := client.Do(t.Context(), command("refund"))
	require.ErrorContains(t, err, "unknown verb")
	long := command(link.VerbScan)
	long.Text = strings.Repeat("7", 2000)
	_, err = client.Do(t.Context(), long)
	require.ErrorContains(t, err, "longer than")
	_, err = client.Do(t.Context(), link.Command{Verb: link.VerbEnter, RequestID: "x"})
	require.ErrorContains(t, err, "request")
}

// A missing amount is no amount of zero, and a missing digit no first row.
func TestCommandThatLacksWhatItsVerbNeedsIsRefused(t *testing.T) {
	path, till := socket(t), newMemoryTill()
	serve(t, path, till)
	client := dial(t, path)
	lead(t, client)
	for verb, missing := range map[string]string{
		link.VerbSearch: "text", link.VerbAnswer: "number", link.VerbApprove: "text",
		link.VerbCashIn: "amount", link.VerbCashOut: "amount", link.VerbCount: "amount",
	} {
		_, err := client.Do(t.Context(), command(verb))
		require.ErrorContains(t, err, verb+": "+missing+" is missing")
	}
	unproved := command(link.VerbApprove)
	unproved.Text = "7"
	require.ErrorContains(t, unproved.Check(), "PIN is missing")
	require.Empty(t, till.commands())
	nothing := money.Cents(0)
	for _, good := range []link.Command{
		{Verb: link.VerbCount, Amount: &nothing},
		{Verb: link.VerbAnswer, Number: 1},
		{Verb: link.VerbApprove, Text: "7", PIN: "8642"},
		{Verb: link.VerbXReport},
		{Verb: link.VerbBeginClose},
		{Verb: link.VerbClose},
		{Verb: link.VerbLeaveClose},
	} {
		good.RequestID = link.NewRequestID()
		require.NoError(t, good.Check())
	}
}

func TestReplyNamesTheSnapshotThatShowsIt(t *testing.T) {
	path, till := socket(t), newMemoryTill()
	serve(t, path, till)
	client := dial(t, path)
	lead(t, client)
	till.show(func(shown *snapshot.Cashier) { shown.Question = &snapshot.Question{} })
	reply, err := client.Do(t.Context(), command(link.VerbEnter))
	require.NoError(t, err)
	require.EqualValues(t, 2, reply.Number)
}

func TestFollowingGoesOnWithTheNextDaemon(t *testing.T) {
	path, till := socket(t), newMemoryTill()
	stop := serve(t, path, till)
	client := dial(t, path)
	ctx, cancel := context.WithCancel(t.Context())
	seen, lost, ended := make(chan uint64, 8), make(chan struct{}, 8), make(chan struct{})
	go func() {
		defer close(ended)
		client.Follow(ctx, func(one snapshot.Cashier) { seen <- one.Number }, func() {
			select {
			case lost <- struct{}{}:
			default:
			}
		})
	}()
	require.EqualValues(t, 1, <-seen)
	stop()
	<-lost
	serve(t, path, till)
	require.EqualValues(t, 1, <-seen)
	cancel()
	<-ended
}

func TestEventsArriveInOrderAndEndWithTheTill(t *testing.T) {
	path, till := socket(t), newMemoryTill()
	stop := serve(t, path, till)
	seen := make(chan snapshot.Cashier)
	ended := make(chan error, 1)
	client := dial(t, path)
	go func() {
		ended <- client.Events(t.Context(), 0, func(one snapshot.Cashier) { seen <- one })
	}()
	require.EqualValues(t, 1, (<-seen).Number)
	till.show(func(shown *snapshot.Cashier) { shown.Phase = snapshot.Selling })
	second := <-seen
	require.EqualValues(t, 2, second.Number)
	require.Equal(t, snapshot.Selling, second.Phase)
	stop()
	require.ErrorContains(t, <-ended, "follow the till")
}

func TestDeadScreenLosesTheLeaseAtOnce(t *testing.T) {
	path, till := socket(t), newMemoryTill()
	serve(t, path, till)
	dying, next := dial(t, path), dial(t, path)
	lead(t, dying)
	ctx, die := context.WithCancel(t.Context())
	following, ended := make(chan struct{}, 1), make(chan struct{})
	go func() {
		defer close(ended)
		_ = dying.Events(ctx, 0, func(snapshot.Cashier) { following <- struct{}{} })
	}()
	<-following
	die()
	<-ended
	require.Eventually(t, func() bool {
		lease, err := next.Lease(t.Context(), false)
		return err == nil && lease.Holder
	}, 3*time.Second, 5*time.Millisecond, "well before the six seconds of a silent screen")
}

func TestSilentScreenLosesTheLeaseAfterThreeBeats(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		listener := pipe.Listen()
		served := make(chan error, 1)
		go func() { served <- link.ServeOn(ctx, listener, newMemoryTill(), quiet) }()
		first, second := link.DialWith(listener.Dial), link.DialWith(listener.Dial)
		keeping, stop := context.WithCancel(ctx)
		go first.KeepLease(keeping, func(link.Lease, error) {})
		synctest.Wait()
		ask := func() bool {
			lease, err := second.Lease(ctx, false)
			require.NoError(t, err)
			return lease.Holder
		}
		<-time.After(time.Minute)
		require.False(t, ask(), "a screen that beats keeps the lease")
		stop()
		<-time.After(link.LeaseLasts - link.LeaseBeat)
		require.False(t, ask())
		<-time.After(link.LeaseBeat + time.Second)
		require.True(t, ask())
		first.Close()
		second.Close()
		cancel()
		require.NoError(t, <-served)
	})
}

func TestQuietStreamIsKeptAliveAndASilentOneGivenUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		listener := pipe.Listen()
		served := make(chan error, 1)
		go func() { served <- link.ServeOn(ctx, listener, newMemoryTill(), quiet) }()
		client := link.DialWith(listener.Dial)
		ended := make(chan error, 1)
		go func() { ended <- client.Events(ctx, 0, func(snapshot.Cashier) {}) }()
		<-time.After(10 * time.Minute)
		synctest.Wait()
		require.Empty(t, ended, "heartbeats keep it")
		cancel()
		require.Error(t, <-ended)
		client.Close()
		require.NoError(t, <-served)
	})
}

func TestHungTillIsGivenUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		listener := pipe.Listen()
		client := link.DialWith(listener.Dial)
		hung := make(chan net.Conn, 1)
		go func() {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			hung <- conn
			buffer := make([]byte, 4096)
			if _, err := conn.Read(buffer); err != nil {
				return
			}
			_, _ = io.WriteString(conn, "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n: hello\n\n")
		}()
		began := time.Now()
		err := client.Events(t.Context(), 0, func(snapshot.Cashier) {})
		require.ErrorContains(t, err, "silent for 25s")
		require.Equal(t, 25*time.Second, time.Since(began))
		_ = (<-hung).Close()
		client.Close()
	})
}

func TestSocketOfADeadDaemonIsReplaced(t *testing.T) {
	path := socket(t)
	dead, err := net.ListenUnix("unix", &net.UnixAddr{Name: path, Net: "unix"})
	require.NoError(t, err)
	dead.SetUnlinkOnClose(false)
	require.NoError(t, dead.Close())
	serve(t, path, newMemoryTill())
	info, err := os.Stat(path)
	require.NoError(t, err)
	require.Equal(t, os.FileMode(0o660), info.Mode().Perm())
}

func TestLiveSocketAndPlainFileAreRefused(t *testing.T) {
	path := socket(t)
	serve(t, path, newMemoryTill())
	_, err := link.Listen(path)
	require.ErrorContains(t, err, "another daemon listens there")
	file := filepath.Join(t.TempDir(), "file")
	require.NoError(t, os.WriteFile(file, []byte("mine"), 0o600))
	_, err = link.Listen(file)
	require.ErrorContains(t, err, "no socket")
	_, err = link.Listen("/" + strings.Repeat("long", 40))
	require.ErrorContains(t, err, "longer than 107 bytes")
}

func TestMalformedRequestsAreAnsweredAsSuch(t *testing.T) {
	path := socket(t)
	serve(t, path, newMemoryTill())
	web := &http.Client{Transport: &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, "unix", path)
	}}}
	t.Cleanup(web.CloseIdleConnections)
	post := func(route, body string) (int, string) {
		response, err := web.Post("http://till/v1/"+route, "application/json", strings.NewReader(body))
		require.NoError(t, err)
		defer func() { _ = response.Body.Close() }()
		data, err := io.ReadAll(response.Body)
		require.NoError(t, err)
		return response.StatusCode, string(data)
	}
	for body, want := range map[string]string{
		`{`:                         "read request",
		`{"verb":"enter","nome":1}`: "unknown field",
		`{"text":"` + strings.Repeat("x", 20<<10) + `"}`: "too large",
	} {
		status, said := post("commands", body)
		require.Equal(t, http.StatusBadRequest, status)
		require.Contains(t, said, want)
	}
	status, said := post("lease", `{}`)
	require.Equal(t, http.StatusBadRequest, status)
	require.Contains(t, said, "screen_id")
	status, _ = post("snapshot", ``)
	require.Equal(t, http.StatusMethodNotAllowed, status)
	response, err := web.Get("http://till/v1/events?after=x")
	require.NoError(t, err)
	require.Equal(t, http.StatusBadRequest, response.StatusCode)
	_ = response.Body.Close()
}

func TestCommandNeverPrintsWhatWasTyped(t *testing.T) {
	login := link.Command{RequestID: link.NewRequestID(), Verb: link.VerbLogin, Text: "214-secret", PIN: "8642"}
	var logged strings.Builder
	log := slog.New(slog.NewJSONHandler(&logged, nil))
	log.Info("command", "command", login, "pointer", &login)
	printed := logged.String()
	for _, verb := range []string{"%v", "%+v", "%#v", "%s"} {
		printed += fmt.Sprintf(verb, login) + fmt.Sprintf(verb, &login) + fmt.Sprintf(verb, []link.Command{login})
	}
	require.NotContains(t, printed, "8642")
	require.NotContains(t, printed, "secret")
	require.Contains(t, printed, string(login.RequestID))
}

func TestCommandIsTheContractsJSON(t *testing.T) {
	given := money.Cents(50_00)
	tender := link.Command{RequestID: "01JDZ3K9QW0000000000000000", Lease: "L", Verb: link.VerbTender, Number: 1, Amount: &given}
	data, err := json.Marshal(tender)
	require.NoError(t, err)
	require.JSONEq(t, `{"request_id":"01JDZ3K9QW0000000000000000","lease":"L","verb":"tender","number":1,
		"amount":{"amount":5000,"currency":"BRL"}}`, string(data))
}

func TestRequestIDsAreIdsAndDiffer(t *testing.T) {
	first, second := link.NewRequestID(), link.NewRequestID()
	require.NotEqual(t, first, second)
	parsed, err := ident.Parse(string(first))
	require.NoError(t, err)
	require.Equal(t, parsed, parsed.Origin(), "there is room for derived ids")
}

func BenchmarkCommandOverTheSocket(b *testing.B) {
	path := filepath.Join(b.TempDir(), "lane.sock")
	listener, err := link.Listen(path)
	require.NoError(b, err)
	go func() { _ = link.ServeOn(b.Context(), listener, newMemoryTill(), quiet) }()
	client := link.Dial(path)
	_, err = client.Lease(b.Context(), false)
	require.NoError(b, err)
	for b.Loop() {
		if _, err := client.Do(b.Context(), command(link.VerbEnter)); err != nil {
			b.Fatal(err)
		}
	}
}
