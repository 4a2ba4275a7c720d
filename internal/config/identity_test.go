package config_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"balcao/internal/config"
)

func TestAnIdentityIsReadBeforeItsFilesExist(t *testing.T) {
	folder := t.TempDir()
	path := filepath.Join(folder, "balcao.toml")
	require.NoError(t, os.WriteFile(path, []byte(good), 0o600))
	terminal, central, err := config.Identity(path)
	require.NoError(t, err)
	require.Equal(t, "T-0003", terminal)
	require.Equal(t, filepath.Join(folder, "till.key"), central.Key)
	require.Equal(t, "https://127.0.0.1:8443", central.URL)
}

func TestAnIdentityThatIsNotWholeIsRefusedKeyByKey(t *testing.T) {
	path := filepath.Join(t.TempDir(), "balcao.toml")
	require.NoError(t, os.WriteFile(path, []byte("[central]\nca = \"ca.pem\"\n"), 0o600))
	_, _, err := config.Identity(path)
	for _, key := range []string{"till.terminal_id", "central.url", "central.certificate", "central.key"} {
		require.ErrorContains(t, err, key)
	}
	require.NotContains(t, err.Error(), "central.ca:")
	require.NoError(t, os.WriteFile(path, []byte("[central]\ncolour = 1\n"), 0o600))
	_, _, err = config.Identity(path)
	require.ErrorContains(t, err, "unknown key")
}
