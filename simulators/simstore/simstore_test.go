package simstore_test

import (
	"encoding/csv"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/pelletier/go-toml/v2"
	"github.com/stretchr/testify/require"

	"balcao/simulators/hsm"
	"balcao/simulators/simcentral/issuer"
	"balcao/simulators/simpinpad"
	"balcao/simulators/simstore"
)

// hasher stands in for the till's program: its hash of a PIN shows the PIN.
func hasher(t *testing.T) simstore.Options {
	t.Helper()
	path := filepath.Join(t.TempDir(), "balcao")
	require.NoError(t, os.WriteFile(path, []byte("#!/bin/sh\nread -r pin\necho \"hash of $pin by $*\"\n"), 0o700))
	return simstore.Options{Balcao: path}
}

func prepared(t *testing.T) simstore.Shop {
	t.Helper()
	shop, err := simstore.Prepare(t.TempDir(), hasher(t))
	require.NoError(t, err)
	return shop
}

func TestCatalogueHasValidCodesAndPrices(t *testing.T) {
	file, err := os.Open(filepath.Join(prepared(t).Dir(), "catalog.csv"))
	require.NoError(t, err)
	defer file.Close()
	rows, err := csv.NewReader(file).ReadAll()
	require.NoError(t, err)
	require.Equal(t, []string{"sku", "code", "description", "unit", "price", "tax"}, rows[0])
	require.GreaterOrEqual(t, len(rows)-1, 300)
	taken, weighed := map[string]bool{}, 0
	for _, row := range rows[1:] {
		sku, code, price := row[0], row[1], row[4]
		require.NotEmpty(t, row[2], sku)
		require.Regexp(t, `^[0-9]+\.[0-9]{2}$`, price, sku)
		require.Regexp(t, `^0:[0-9]{8}:([0-9]{7}:5405:500|:5102:102)$`, row[5], sku)
		require.False(t, taken[sku], "%s stands twice", sku)
		taken[sku] = true
		if row[3] == "kg" {
			weighed++
			require.Empty(t, code, "%s is weighed", sku)
			continue
		}
		require.Regexp(t, `^7(89|90)[0-9]{10}$`, code, sku)
		require.Zero(t, ean13Sum(t, code)%10, "check digit of %s", code)
		require.False(t, taken[code], "%s stands twice", code)
		taken[code] = true
	}
	require.GreaterOrEqual(t, weighed, 40)
	require.Contains(t, rows, []string{"17", "", "PÃO FRANCÊS", "kg", "16.90", "0:19059090::5102:102"})
	require.Contains(t, rows, []string{"1007", "7896089012453", "CAFÉ TORRADO E MOÍDO 500G", "un", "18.90", "0:09012100::5102:102"})
}

// ean13Sum is the weighted sum of all digits, a multiple of ten in a valid code.
// Source: GS1 General Specifications, 7.9.
func ean13Sum(t *testing.T, code string) (sum int) {
	t.Helper()
	for i, character := range code {
		digit, err := strconv.Atoi(string(character))
		require.NoError(t, err)
		sum += digit * (1 + i%2*2)
	}
	return sum
}

func TestTablesHaveARecordForEveryCardOfTheDeck(t *testing.T) {
	content, err := os.ReadFile(filepath.Join(prepared(t).Dir(), "emv-tables.txt"))
	require.NoError(t, err)
	lines := strings.Split(strings.TrimSuffix(string(content), "\n"), "\n")
	require.Regexp(t, `^[A-Z0-9]{10}$`, lines[0])
	types, indices := map[string]string{}, map[string]bool{}
	for _, record := range lines[1:] {
		require.Len(t, record, 340)
		require.Equal(t, "340101", record[:6], "length, kind, acquirer")
		indices[record[6:8]] = true
		length, err := strconv.Atoi(record[8:10])
		require.NoError(t, err)
		types[record[10:10+2*length]] = record[42:44]
		require.Equal(t, "03", record[60:62], "a chip's record")
		require.Equal(t, "0769862", record[74:81], "country, currency, decimals")
		require.Equal(t, "Y1Z1Y3Z3", record[276:284])
	}
	require.Len(t, indices, len(lines)-1, "records have names of their own")
	for _, card := range simpinpad.Deck() {
		require.Equal(t, map[string]string{"credit": "01", "debit": "02", "voucher": "03"}[card.Kind], types[card.AID], card)
	}
}

func TestBankAndPinpadTakeTheirFiles(t *testing.T) {
	dir := prepared(t).Dir()
	accounts, err := issuer.LoadAccounts(filepath.Join(dir, "accounts.json"))
	require.NoError(t, err)
	host, err := hsm.LoadHostKeys(filepath.Join(dir, "keys", "host.json"))
	require.NoError(t, err)
	bank, err := issuer.NewBank(accounts, host)
	require.NoError(t, err)
	require.Len(t, bank.Accounts(), len(simpinpad.Deck()))
	for _, account := range accounts {
		if account.Name == "low-funds" {
			require.LessOrEqual(t, account.BalanceCents+account.LimitCents, int64(100))
		}
		require.FileExists(t, filepath.Join(dir, "cards", account.Name+".json"))
	}
	pinpad, err := hsm.LoadPinpadKeys(filepath.Join(dir, "keys", "pinpad.json"))
	require.NoError(t, err)
	require.Contains(t, pinpad.PINSlots, hsm.TestSlot)
}

func TestSecretsAreForTheOwnerAlone(t *testing.T) {
	dir := prepared(t).Dir()
	for _, name := range []string{
		"operators.toml", "accounts.json", "keys/pinpad.json", "keys/host.json", "certificates/client.key",
		"certificates/server.key", "cards/visa-debit.json",
	} {
		info, err := os.Stat(filepath.Join(dir, name))
		require.NoError(t, err)
		require.Equal(t, os.FileMode(0o600), info.Mode(), name)
	}
}

func TestOperatorsHaveWhatTheTillMakesOfTheirPINs(t *testing.T) {
	content, err := os.ReadFile(filepath.Join(prepared(t).Dir(), "operators.toml"))
	require.NoError(t, err)
	var file struct {
		Operator []map[string]string `toml:"operator"`
	}
	require.NoError(t, toml.Unmarshal(content, &file))
	require.Equal(t, []map[string]string{
		{"id": "214", "name": "MARIA S.", "role": "cashier", "pin": "hash of 1234 by operator hash"},
		{"id": "300", "name": "JOSÉ R.", "role": "supervisor", "pin": "hash of 4321 by operator hash"},
		{"id": "900", "name": "ANA G.", "role": "manager", "pin": "hash of 9999 by operator hash"},
	}, file.Operator)
}

func TestSecondStartKeepsWhatIsThereAndMakesWhatIsNot(t *testing.T) {
	dir, options := t.TempDir(), hasher(t)
	_, err := simstore.Prepare(dir, options)
	require.NoError(t, err)
	catalogue, tables := filepath.Join(dir, "catalog.csv"), filepath.Join(dir, "emv-tables.txt")
	require.NoError(t, os.WriteFile(catalogue, []byte("my own"), 0o600))
	require.NoError(t, os.Remove(tables))

	_, err = simstore.Prepare(dir, options)
	require.NoError(t, err)
	content, err := os.ReadFile(catalogue)
	require.NoError(t, err)
	require.Equal(t, "my own", string(content))
	require.FileExists(t, tables)
}

func TestTillThatCannotHashIsNamed(t *testing.T) {
	path := filepath.Join(t.TempDir(), "balcao")
	require.NoError(t, os.WriteFile(path, []byte("#!/bin/sh\necho out of order >&2\nexit 3\n"), 0o700))
	_, err := simstore.Prepare(t.TempDir(), simstore.Options{Balcao: path})
	require.ErrorContains(t, err, "prepare the shop's operators: hash a PIN with "+path+": exit status 3: out of order")
}

func TestFolderTooDeepForASocketIsRefused(t *testing.T) {
	_, err := simstore.At(filepath.Join(t.TempDir(), strings.Repeat("deep", 25)))
	require.ErrorContains(t, err, "too long for a socket")
}
