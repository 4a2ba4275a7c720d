package main

import (
	"context"
	"crypto/tls"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/alecthomas/kong"
	"github.com/stretchr/testify/require"

	"balcao/simulators/hsm"
	"balcao/simulators/simcentral"
)

// A newShop is a simulated central and the folder of a till that is not enrolled.
type newShop struct {
	*testing.T
	server *simcentral.Server
	certs  simcentral.Certificates
	folder string
	stop   func()
}

func openNewShop(t *testing.T) *newShop {
	t.Helper()
	dir := t.TempDir()
	certs, err := simcentral.MakeCertificates(dir, "T-0001")
	require.NoError(t, err)
	_, keys := hsm.GenerateTestKeys()
	require.NoError(t, keys.Save(filepath.Join(dir, "keys.json")))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "accounts.json"), []byte("[]"), 0o600))
	server, err := simcentral.New(simcentral.Config{
		Listen: "127.0.0.1:0", StateDir: filepath.Join(dir, "state"), KeysFile: filepath.Join(dir, "keys.json"),
		AccountsFile: filepath.Join(dir, "accounts.json"), ServerCert: certs.ServerCert, ServerKey: certs.ServerKey, ClientCA: certs.CA, Strict: true,
	})
	require.NoError(t, err)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(context.Background())
	stopped := make(chan error, 1)
	go func() { stopped <- server.Serve(ctx, listener) }()
	s := &newShop{T: t, server: server, certs: certs, folder: t.TempDir()}
	s.stop = func() {
		if cancel != nil {
			cancel()
			cancel = nil
			require.NoError(t, <-stopped)
		}
	}
	t.Cleanup(s.stop)
	text := "[till]\nterminal_id = \"T-0042\"\n[central]\nurl = \"https://" + listener.Addr().String() +
		"\"\nca = \"id/ca.pem\"\ncertificate = \"id/till.pem\"\nkey = \"id/till.key\"\n"
	require.NoError(t, os.WriteFile(s.path("balcao.toml"), []byte(text), 0o600))
	return s
}

func (s *newShop) path(name string) string { return filepath.Join(s.folder, name) }

func (s *newShop) command(words string) string {
	s.Helper()
	text, err := s.server.Command(context.Background(), strings.Fields(words))
	require.NoError(s, err)
	return text
}

// enrols runs balcao enrol.
func (s *newShop) enrols(arguments ...string) (string, error) {
	s.Helper()
	var line cli
	parser, err := kong.New(&line, kong.Vars{"version": version})
	require.NoError(s, err)
	_, err = parser.Parse(append([]string{"enrol", "--config", s.path("balcao.toml")}, arguments...))
	require.NoError(s, err)
	var said strings.Builder
	err = line.Enrol.run(s.Context(), &said)
	return said.String(), err
}

func (s *newShop) read(name string) string {
	s.Helper()
	text, err := os.ReadFile(s.path(name))
	require.NoError(s, err)
	return string(text)
}

func TestATillEnrolsAndRenewsFromTheCommandLine(t *testing.T) {
	s := openNewShop(t)
	s.command("next enrol half") // the first answer is lost on its way
	said, err := s.enrols("--ca", s.certs.CA, "--code", s.command("pair 7 T-0042"))
	require.NoError(t, err)
	require.Contains(t, said, "terminal T-0042 of store 7")
	info, err := os.Stat(s.path("id/till.key"))
	require.NoError(t, err)
	require.EqualValues(t, 0o600, info.Mode().Perm())
	_, err = tls.LoadX509KeyPair(s.path("id/till.pem"), s.path("id/till.key"))
	require.NoError(t, err)

	old := s.read("id/till.pem")
	_, err = s.enrols("--code", s.command("pair 7 T-0042"))
	require.ErrorContains(t, err, "--force")
	require.Equal(t, old, s.read("id/till.pem"))
	_, err = s.enrols("--renew") // by the CA that came with the certificate
	require.NoError(t, err)
	renewed := s.read("id/till.pem")
	require.NotEqual(t, old, renewed)
	_, err = s.enrols("--force", "--code", s.command("pair 7 T-0042"))
	require.NoError(t, err)
	require.NotEqual(t, renewed, s.read("id/till.pem"))
	_, err = tls.LoadX509KeyPair(s.path("id/till.pem"), s.path("id/till.key"))
	require.NoError(t, err)

	s.command("revoke T-0042")
	_, err = s.enrols("--renew")
	require.ErrorContains(t, err, "revoked")
	entries, err := os.ReadDir(s.path("id"))
	require.NoError(t, err)
	require.Len(t, entries, 3, "nothing half written is left")
}

func TestWhatKeepsATillFromEnrollingIsSaid(t *testing.T) {
	s := openNewShop(t)
	refused := func(why, ca, code string) {
		t.Helper()
		_, err := s.enrols("--ca", ca, "--code", code)
		require.ErrorContains(t, err, why)
		require.NotContains(t, err.Error(), code)
		require.NoDirExists(t, s.path("id"))
	}
	refused("8 digits and capital letters", s.certs.CA, "abc-d")
	refused("not known", s.certs.CA, "00000000")
	refused("expired", s.certs.CA, s.command("pair 7 T-0042 0s"))
	refused(`of terminal "T-0043"`, s.certs.CA, s.command("pair 7 T-0043"))
	strange, err := simcentral.MakeCertificates(t.TempDir(), "T-0001")
	require.NoError(t, err)
	refused("trust nobody else", strange.CA, s.command("pair 7 T-0042"))

	spent := s.command("pair 7 T-0042")
	_, err = s.enrols("--ca", s.certs.CA, "--code", spent)
	require.NoError(t, err)
	_, err = s.enrols("--force", "--ca", s.certs.CA, "--code", spent)
	require.ErrorContains(t, err, "used")
	require.NoError(t, os.RemoveAll(s.path("id")))

	s.stop()
	started := time.Now()
	refused("check the network", s.certs.CA, "ABCDEFGH")
	require.Less(t, time.Since(started), 10*time.Second)
}
