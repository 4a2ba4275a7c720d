package config_test

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"balcao/internal/config"
	"balcao/terminal/operator"
)

const good = `[store]
name = "Mercado Boa Vista"
address = "Rua das Flores, 120 - Curitiba/PR"
tax_id = "12.345.678/0001-95"
number = "012"

[till]
number = "03"
terminal_id = "T-0003"

[central]
url = "https://127.0.0.1:8443"
ca = "ca.pem"
certificate = "till.pem"
key = "till.key"

[pinpad]
url = "pty:pinpad"
tables = "tables.txt"

[scanner]
url = "pty:scanner"

[printer]
url = "tcp://127.0.0.1:9100"
`

// shop writes a configuration and every file it names.
func shop(t *testing.T, toml string) string {
	t.Helper()
	folder := t.TempDir()
	files := map[string]string{
		"balcao.toml": toml, "ca.pem": "x", "till.pem": "x", "till.key": "x", "tables.txt": "x",
		"catalog.csv": "sku,code,description,unit,price\n17,,PÃO FRANCÊS,kg,\"16,90\"\n1,7896089012453,CAFÉ 500G,un,18.90\n",
		"operators.toml": "[[operator]]\nid = \"214\"\nname = \"MARIA S.\"\nrole = \"cashier\"\npin = '" +
			operator.HashPIN("1234", [16]byte{7}) + "'\n",
	}
	for name, content := range files {
		require.NoError(t, os.WriteFile(filepath.Join(folder, name), []byte(content), 0o600))
	}
	return filepath.Join(folder, "balcao.toml")
}

func TestAGoodFileIsCompletedAndItsPathsFollowIt(t *testing.T) {
	path := shop(t, good)
	loaded, err := config.Load(path)
	require.NoError(t, err)
	require.Equal(t, "12345678000195", loaded.Store.TaxID)
	require.Equal(t, "America/Sao_Paulo", loaded.Store.TimeZone)
	require.Equal(t, filepath.Join(filepath.Dir(path), "data"), loaded.Till.Data)
	require.Equal(t, "pty:"+filepath.Join(filepath.Dir(path), "pinpad"), loaded.Pinpad.URL)
	require.Equal(t, config.Scanner{URL: "pty:" + filepath.Join(filepath.Dir(path), "scanner"), Suffix: "auto"}, loaded.Scanner)
	require.Equal(t, config.Duration(30*time.Second), loaded.Central.Answer)

	people, err := config.Operators(loaded.Till.Operators)
	require.NoError(t, err)
	require.Equal(t, "MARIA S.", people["214"].Name)
	items, err := config.Catalog(loaded.Till.Catalog)
	require.NoError(t, err)
	bread, found := items.Find("17")
	require.True(t, found)
	require.Equal(t, "16.90", bread.Price.String())

	var printed bytes.Buffer
	require.NoError(t, loaded.Effective(&printed))
	require.Contains(t, printed.String(), "till.key (secret, not shown)")
	require.NotContains(t, printed.String(), "argon2id")
}

func TestEveryComplaintNamesLineColumnAndCure(t *testing.T) {
	for name, row := range map[string]struct{ old, new, want string }{
		"unknown key":   {`number = "03"`, `nunber = "03"`, `balcao.toml:8:1: till.nunber: unknown key; did you mean till.number?`},
		"wrong type":    {`number = "03"`, `number = 3`, `balcao.toml:8:10`},
		"bad syntax":    {`number = "03"`, `number = `, `balcao.toml:8:`},
		"bad CNPJ":      {`0001-95`, `0001-96`, `balcao.toml:4:1: store.tax_id: not a CNPJ`},
		"missing":       {`name = "Mercado Boa Vista"`, ``, `balcao.toml:1:2: store.name: missing; write name = "Mercado Boa Vista"`},
		"no such file":  {`"ca.pem"`, `"no.pem"`, `balcao.toml:13:1: central.ca: open`},
		"plain http":    {`https://`, `http://`, `central.url: "http://127.0.0.1:8443" is no https address; write`},
		"bad device":    {`"pty:pinpad"`, `"/dev/ttyACM0"`, `balcao.toml:18:1: pinpad.url: "/dev/ttyACM0" names no port; write serial:///`},
		"bad scanner":   {`url = "pty:scanner"`, `url = "hid:1"`, `balcao.toml:22:1: scanner.url: "hid:1" names no port; write serial:///`},
		"bad suffix":    {`url = "pty:scanner"`, "url = \"pty:scanner\"\nsuffix = \"cr\"", `balcao.toml:23:1: scanner.suffix: unknown suffix "cr"; write one of auto, always, none`},
		"bad zone":      {`number = "012"`, "number = \"012\"\ntime_zone = \"Mars\"", `balcao.toml:6:1: store.time_zone: unknown time zone "Mars"`},
		"bad duration":  {`ca = "ca.pem"`, "ca = \"ca.pem\"\nsilence = \"1ms\"", `central.silence: 1ms is not between`},
		"bad label":     {`number = "03"`, "number = \"03\"\nlabels = [\"7CCCC0TTTTTTD\"]", `balcao.toml:9:1: till.labels: label layout: prefix "7" is not 2 or 20 to 29; write labels = [`},
		"twin labels":   {`number = "03"`, "number = \"03\"\nlabels = [\"2CCCC0TTTTTTD\", \"20CCCCCPPPPPD\"]", `a label could be read as either`},
		"fiscal scheme": {`[printer]`, "[fiscal]\nscheme = \"nfce\"\n[printer]", `fiscal.scheme: unknown scheme "nfce"`},
	} {
		t.Run(name, func(t *testing.T) {
			require.Contains(t, good, row.old)
			_, err := config.Load(shop(t, strings.Replace(good, row.old, row.new, 1)))
			require.ErrorContains(t, err, row.want)
		})
	}
}

func TestAShopNamesTheLayoutOfItsLabels(t *testing.T) {
	loaded, err := config.Load(shop(t, strings.Replace(good, `number = "03"`, "number = \"03\"\nlabels = [\"20CCCCCPPPPPDV\"]", 1)))
	require.NoError(t, err)
	items, err := config.Catalog(loaded.Till.Catalog, loaded.Till.Layouts()...)
	require.NoError(t, err)
	// Prefix 20, PLU 00017, 845 g and the check digit that GS1 works out for them.
	found, ok := items.Lookup("2000017008455")
	require.True(t, ok)
	require.Equal(t, "17", found.Item.SKU)
	require.Equal(t, "0.845", found.Quantity.String())

	loaded, err = config.Load(shop(t, good))
	require.NoError(t, err)
	require.Equal(t, []string{"2CCCC0TTTTTTD"}, loaded.Till.Labels)
}

func TestADeviceMayHangOnAnyCable(t *testing.T) {
	for _, url := range []string{"serial:///dev/ttyACM0?baud=19200", "usblp:///dev/usb/lp0", "usb://04b8:0e27/J5PK003421", "tcp://10.0.0.9:9100"} {
		loaded, err := config.Load(shop(t, strings.Replace(good, "tcp://127.0.0.1:9100", url, 1)))
		require.NoError(t, err, url)
		require.Equal(t, url, loaded.Printer.URL)
	}
}

func TestASecretThatOthersCanReadIsRefused(t *testing.T) {
	path := shop(t, good)
	require.NoError(t, os.Chmod(filepath.Join(filepath.Dir(path), "till.key"), 0o640))
	_, err := config.Load(path)
	require.ErrorContains(t, err, "central.key: mode 0640 lets others read a secret; run chmod 600")
}

func TestBrokenCatalogueAndOperatorFilesAreNamed(t *testing.T) {
	folder := filepath.Dir(shop(t, good))
	write := func(name, content string) string {
		path := filepath.Join(folder, name)
		require.NoError(t, os.WriteFile(path, []byte(content), 0o600))
		return path
	}
	_, err := config.Catalog(write("c.csv", "sku;code\n"))
	require.ErrorContains(t, err, "first line must be")
	_, err = config.Catalog(write("c.csv", "sku,code,description,unit,price\n1,,X,un,abc\n"))
	require.ErrorContains(t, err, "c.csv:2:9: price of 1")
	_, err = config.Catalog(write("c.csv", "sku,code,description,unit,price\n1,,X,un,1\n1,,Y,un,1\n"))
	require.ErrorContains(t, err, "belongs to 1 already")
	_, err = config.Operators(write("o.toml", "[[operator]]\nid=\"1\"\n"))
	require.ErrorContains(t, err, "needs id, name")
	_, err = config.Operators(write("o.toml", "[[operator]]\nage=3\n"))
	require.ErrorContains(t, err, "o.toml:2:1: unknown key operator.age")
	_, err = config.Operators(write("o.toml", ""))
	require.ErrorContains(t, err, "nobody could log in")
}
