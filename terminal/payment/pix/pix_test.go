package pix_test

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"balcao/terminal/ident"
	"balcao/terminal/money"
	"balcao/terminal/payment/pix"
)

const evp = "123e4567-e12b-12d1-a456-426655440000"

// vectors: p1 and p2 are the central bank's own; v1 to v3 were agreed on by three
// other encoders.
var vectors = []struct {
	name string
	text string
	code pix.Code
}{
	{
		"p1 static", "00020126580014br.gov.bcb.pix0136123e4567-e12b-12d1-a456-4266554400005204000053039865802BR5913Fulano de Tal6008BRASILIA62070503***63041D3D",
		pix.Code{Key: evp, Merchant: "Fulano de Tal", City: "BRASILIA"},
	},
	{
		"p2 dynamic", "00020101021226700014br.gov.bcb.pix2548pix.example.com/8b3da2f39a4140d1a91abd93113bd4415204000053039865802BR5913Fulano de Tal6008BRASILIA62070503***630464E4",
		pix.Code{Initiation: pix.SingleUse, Location: "pix.example.com/8b3da2f39a4140d1a91abd93113bd441", Merchant: "Fulano de Tal", City: "BRASILIA"},
	},
	{
		"v1 no amount", "00020126580014br.gov.bcb.pix0136123e4567-e12b-12d1-a456-4266554400005204000053039865802BR5913FULANO DE TAL6008BRASILIA62070503***6304F012",
		pix.Code{Key: evp, Merchant: "FULANO DE TAL", City: "BRASILIA"},
	},
	{
		"v2 amount and txid", "00020126580014br.gov.bcb.pix0136123e4567-e12b-12d1-a456-426655440000520400005303986540510.505802BR5920MERCADO EXEMPLO LTDA6009SAO PAULO62140510PDV000000163042159",
		pix.Code{Key: evp, Amount: 1050, Merchant: "MERCADO EXEMPLO LTDA", City: "SAO PAULO", TxID: "PDV0000001"},
	},
	{
		"v3 phone", "00020126360014br.gov.bcb.pix0114+556191234567852040000530398654041.005802BR5907LOJA UM6006RECIFE62060502A163042589",
		pix.Code{Key: "+5561912345678", Amount: 100, Merchant: "LOJA UM", City: "RECIFE", TxID: "A1"},
	},
}

func TestVectorsBothWays(t *testing.T) {
	require.Equal(t, uint16(0x29B1), pix.Checksum("123456789"))
	for _, vector := range vectors {
		t.Run(vector.name, func(t *testing.T) {
			code, err := pix.Parse(vector.text)
			require.NoError(t, err)
			require.Equal(t, vector.code, code)
			text, err := vector.code.Encode()
			require.NoError(t, err)
			require.Equal(t, vector.text, text)
		})
	}
}

// sealed puts the right checksum behind a text, so that only the rule in question can
// refuse it.
func sealed(text string) string {
	return fmt.Sprintf("%s6304%04X", text, pix.Checksum(text+"6304"))
}

// Pieces of a good static code, to break one at a time.
const (
	account = "26580014br.gov.bcb.pix0136" + evp
	middle  = "520400005303986"
	names   = "5802BR5907LOJA UM6006RECIFE"
	noTxID  = "62070503***"
)

func TestThePiecesAreGood(t *testing.T) {
	for name, text := range map[string]string{
		"as they are":                  "000201" + account + middle + names + noTxID,
		"another order":                "000201" + noTxID + names + middle + account,
		"upper-case scheme":            "000201" + strings.Replace(account, "br.gov.bcb.pix", "BR.GOV.BCB.PIX", 1) + middle + names + noTxID,
		"template 51":                  "000201" + "51" + account[2:] + middle + names + noTxID,
		"another scheme beside":        "000201" + "0204ABCD" + "27090005other" + account + middle + names + noTxID,
		"an unreserved template":       "000201" + account + middle + names + noTxID + "81090005other",
		"an object of the future":      "000201" + account + middle + names + noTxID + "6502XY",
		"more data of the sale":        "000201" + account + middle + names + "62140503***0703T-1",
		"whole reais":                  "000201" + account + middle + "540210" + names + noTxID,
		"one decimal":                  "000201" + account + middle + "540410.5" + names + noTxID,
		"zero, where cash is drawn":    "000201" + "26700014br.gov.bcb.pix0136" + evp + "030812345678" + middle + "54040.00" + names + noTxID,
		"a note in what space is left": "000201" + "26990014br.gov.bcb.pix0136" + evp + "0237" + strings.Repeat("x", 37) + middle + names + noTxID,
	} {
		_, err := pix.Parse(sealed(text))
		require.NoError(t, err, name)
	}
}

func TestWhatTheLayoutForbidsIsRefused(t *testing.T) {
	p1 := vectors[0].text
	for name, text := range map[string]string{
		"last character changed": p1[:len(p1)-1] + "E",
		"no checksum":            p1[:len(p1)-8],
		"checksum in lower case": strings.Replace(p1, "1D3D", "1d3d", 1),
		"checksum of length 3":   p1[:len(p1)-8] + "63031D3",
		"nothing":                "",
		"a word":                 "BOM DIA",
		"behind the checksum":    p1 + " ",
		"a line feed behind":     p1 + "\n",
		"too long":               sealed("000201" + account + middle + names + noTxID + "8199" + strings.Repeat("0095"+strings.Repeat("x", 95)+"8299", 4)),

		"format 00 not first":        sealed(account + "000201" + middle + names + noTxID),
		"format 02":                  sealed("000202" + account + middle + names + noTxID),
		"format missing":             sealed(account + middle + names + noTxID),
		"checksum in the middle":     sealed("000201" + account + "63041234" + middle + names + noTxID),
		"initiation 13":              sealed("000201010213" + account + middle + names + noTxID),
		"an object twice":            sealed("000201" + account + middle + names + names + noTxID),
		"an empty object":            sealed("000201" + account + middle + names + noTxID + "6500"),
		"a length that is no number": sealed("000201" + account + middle + names + noTxID + "65+1X"),
		"a length beyond the end":    sealed("000201" + account + middle + names + noTxID + "6599X"),
		"a byte that is no ASCII":    sealed("000201" + account + middle + "5802BR5907LOJA\xc3\xa9X6006RECIFE" + noTxID),
		"a control character":        sealed("000201" + account + middle + "5802BR5907LOJA\x1bUM6006RECIFE" + noTxID),

		"no Pix template":            sealed("000201" + "27090005other" + middle + names + noTxID),
		"two Pix templates":          sealed("000201" + account + "27" + account[2:] + middle + names + noTxID),
		"two recurrences":            sealed("000201" + account + middle + names + noTxID + "80290014br.gov.bcb.pix2507a.b/c/d81290014br.gov.bcb.pix2507a.b/c/e"),
		"a recurrence with a scheme": sealed("000201" + account + middle + names + noTxID + "80370014br.gov.bcb.pix2515https://a.b/c/d"),
		"a template that is none":    sealed("000201" + account + "2703xyz" + middle + names + noTxID),
		"neither key nor URL":        sealed("000201" + "26180014br.gov.bcb.pix" + middle + names + noTxID),
		"key and URL together":       sealed("000201" + "26690014br.gov.bcb.pix0136" + evp + "2507a.b/c/d" + middle + names + noTxID),
		"URL and note":               sealed("000201" + "26350014br.gov.bcb.pix0202hi2507a.b/c/d" + middle + names + noTxID),
		"URL with https":             sealed("000201" + "26370014br.gov.bcb.pix2515https://a.b/c/d" + middle + names + noTxID),
		"URL without a path":         sealed("000201" + "26250014br.gov.bcb.pix2503a.b" + middle + names + noTxID),
		"URL with a query":           sealed("000201" + "26310014br.gov.bcb.pix2509a.b/c?d=e" + middle + names + noTxID),
		"URL of 78 characters":       sealed("000201" + "26990014br.gov.bcb.pix2578a.b/" + strings.Repeat("x", 74) + "X" + middle + names + noTxID),
		"dynamic with a txid":        sealed("000201" + "26290014br.gov.bcb.pix2507a.b/c/d" + middle + names + "62060502A1"),

		"key with a capital": sealed("000201" + strings.Replace(account, "123e", "123E", 1) + middle + names + noTxID),
		"key of no form":     sealed("000201" + "26260014br.gov.bcb.pix01041234" + middle + names + noTxID),
		"a foreign phone":    sealed("000201" + "26340014br.gov.bcb.pix0112+12025550123" + middle + names + noTxID),
		"ISPB of 7":          sealed("000201" + "26690014br.gov.bcb.pix0136" + evp + "03071234567" + middle + names + noTxID),

		"category missing":            sealed("000201" + account + "5303986" + names + noTxID),
		"category of letters":         sealed("000201" + account + "5204ABCD5303986" + names + noTxID),
		"currency 840":                sealed("000201" + account + "520400005303840" + names + noTxID),
		"currency missing":            sealed("000201" + account + "52040000" + names + noTxID),
		"country AR":                  sealed("000201" + account + middle + "5802AR5907LOJA UM6006RECIFE" + noTxID),
		"country missing":             sealed("000201" + account + middle + "5907LOJA UM6006RECIFE" + noTxID),
		"amount zero":                 sealed("000201" + account + middle + "54040.00" + names + noTxID),
		"amount below zero":           sealed("000201" + account + middle + "5405-1.00" + names + noTxID),
		"amount with a comma":         sealed("000201" + account + middle + "54041,00" + names + noTxID),
		"amount of three decimals":    sealed("000201" + account + middle + "54051.000" + names + noTxID),
		"amount that ends in a point": sealed("000201" + account + middle + "54021." + names + noTxID),
		"amount without a whole":      sealed("000201" + account + middle + "5403.50" + names + noTxID),
		"amount of 14 characters":     sealed("000201" + account + middle + "541412345678901.00" + names + noTxID),
		"amount beyond a till":        sealed("000201" + account + middle + "54139999999999999" + names + noTxID),
		"a tip":                       sealed("000201" + account + middle + "550201" + names + noTxID),

		"name missing":      sealed("000201" + account + middle + "5802BR6006RECIFE" + noTxID),
		"name of 26":        sealed("000201" + account + middle + "5802BR5926" + strings.Repeat("A", 26) + "6006RECIFE" + noTxID),
		"city missing":      sealed("000201" + account + middle + "5802BR5907LOJA UM" + noTxID),
		"city of 16":        sealed("000201" + account + middle + "5802BR5907LOJA UM6016" + strings.Repeat("A", 16) + noTxID),
		"postal code of 11": sealed("000201" + account + middle + names + "611112345678901" + noTxID),
		"no template 62":    sealed("000201" + account + middle + names),
		"no txid":           sealed("000201" + account + middle + names + "62070703T-1"),
		"txid of 26":        sealed("000201" + account + middle + names + "62300526" + strings.Repeat("A", 26)),
		"txid with a dash":  sealed("000201" + account + middle + names + "62070503A-1"),
		"txid of two stars": sealed("000201" + account + middle + names + "62060502**"),
	} {
		t.Run(name, func(t *testing.T) {
			code, err := pix.Parse(text)
			require.Error(t, err, text)
			t.Log(err)
			require.Zero(t, code)
		})
	}
}

func TestACutCodeIsRefusedWhereverItIsCut(t *testing.T) {
	for _, vector := range vectors {
		for length := range len(vector.text) {
			_, err := pix.Parse(vector.text[:length])
			require.Error(t, err, vector.text[:length])
		}
	}
}

func TestAnyOneCharacterChangedIsNoticed(t *testing.T) {
	for _, vector := range vectors {
		for at := range len(vector.text) {
			broken := []byte(vector.text)
			broken[at] ^= 1
			_, err := pix.Parse(string(broken))
			require.Error(t, err, "byte %d of %s", at, vector.name)
		}
	}
}

func TestABanksCodeMustLeadToTheBanksLocation(t *testing.T) {
	p1, p2 := vectors[0].text, vectors[1].text
	code, err := pix.Verify(p2, "pix.example.com/8b3da2f39a4140d1a91abd93113bd441")
	require.NoError(t, err)
	require.True(t, code.Dynamic())
	_, err = pix.Verify(p2, "pix.example.com/another")
	require.ErrorContains(t, err, "the charge is at")
	_, err = pix.Verify(p1, "")
	require.ErrorContains(t, err, "static")
	_, err = pix.Verify(p2[:len(p2)-1]+"5", "pix.example.com/8b3da2f39a4140d1a91abd93113bd441")
	require.ErrorContains(t, err, "checksum")
}

func TestTheEncoderWritesNothingThatTheParserRefuses(t *testing.T) {
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	random := rand.New(rand.NewPCG(seed, 0))
	pick := func(choices ...string) string { return choices[random.IntN(len(choices))] }
	text := func(most int) string {
		letters := make([]byte, random.IntN(most+1))
		for i := range letters {
			letters[i] = byte(' ' + random.IntN('~'-' '+1))
		}
		return string(letters)
	}
	written := 0
	for range 20_000 {
		code := pix.Code{
			Initiation: pix.Initiation(pick("", "11", "12", "13")), Key: pick("", evp, "12345678901", "12ABC34501DE35", "caixa@loja.example", "+551133334444", "x"),
			Location: pick("", "", "pix.example.com/v2/"+strings.Repeat("a", random.IntN(62)), "https://a/b"), Category: pick("", "5411", "541"),
			Merchant: text(27), City: text(17), PostalCode: text(11), Version: pick("", "1.0.0", strings.Repeat("1", 60)), Recurrence: pick("", "rec.example/1", "x"),
		}
		if code.Location == "" {
			code.Amount = money.Cents(random.Int64N(1_000_000_000) * random.Int64N(2))
			code.Note, code.TxID = text(40), pick("", "A1", strings.Repeat("b", 25), strings.Repeat("c", 26))
			code.Withdrawal = pick("", "", "12345678")
		}
		encoded, err := code.Encode()
		if err != nil {
			continue
		}
		written++
		require.LessOrEqual(t, len(encoded), pix.CodeMax)
		got, err := pix.Parse(encoded)
		require.NoError(t, err, "%s\n%+v", encoded, code)
		require.Equal(t, code, got, encoded)
	}
	require.Greater(t, written, 500)
}

func FuzzParseReadsWhatItWrites(f *testing.F) {
	for _, vector := range vectors {
		f.Add(vector.text, false)
		f.Add(vector.text[:len(vector.text)-8], true)
	}
	f.Fuzz(func(t *testing.T, text string, seal bool) {
		if seal {
			text = sealed(text)
		}
		code, err := pix.Parse(text)
		if err != nil {
			require.Zero(t, code)
			return
		}
		again, err := code.Encode()
		require.NoError(t, err)
		back, err := pix.Parse(again)
		require.NoError(t, err)
		require.Equal(t, code, back)
	})
}

func TestIDsOfTheScheme(t *testing.T) {
	for _, row := range []struct {
		check func(string) error
		good  []string
		bad   []string
	}{
		{
			pix.CheckTxID,
			[]string{"01JD4K3M8Q7V5W2X9Y0Z1A2B3C", strings.Repeat("a", 35)},
			[]string{"", "***", strings.Repeat("a", 25), strings.Repeat("a", 36), "01JD4K3M8Q7V5W2X9Y0Z1A2B3-", strings.Repeat("a", 24) + "é"},
		},
		{pix.CheckStaticTxID, []string{"A", strings.Repeat("9", 25)}, []string{"", "***", "a b", strings.Repeat("9", 26)}},
		{
			pix.CheckEndToEndID,
			[]string{"E12345678202009091221kkkkkkkkkkk", "E12ABC67820200909122112345678901"},
			[]string{"", "D12345678202009091221kkkkkkkkkkk", "E12345678202009091221kkkkkkkkkk", "E12345678202013091221kkkkkkkkkkk", "E1234567a202009091221kkkkkkkkkkk", "E12345678202009091221kkkkkkkkkk-"},
		},
		{pix.CheckReturnID, []string{"D12345678202009091221kkkkkkkkkkk"}, []string{"E12345678202009091221kkkkkkkkkkk", "D"}},
		{pix.CheckRefundID, []string{"1", "01JD4K3M8Q7V5W2X9Y0Z1A2B3C", strings.Repeat("a", 35)}, []string{"", "a-b", strings.Repeat("a", 36)}},
	} {
		for _, good := range row.good {
			require.NoError(t, row.check(good), good)
		}
		for _, bad := range row.bad {
			require.Error(t, row.check(bad), bad)
		}
	}
}

func TestEveryIDOfTheTillIsATxID(t *testing.T) {
	id := ident.Make(time.Date(2026, 11, 23, 14, 32, 7, 0, time.UTC), [8]byte{1, 2, 3})
	require.NoError(t, pix.CheckTxID(string(id)))
	require.Equal(t, string(id[1:]), pix.StaticTxID(id))
	require.Empty(t, pix.StaticTxID("7ZZZZZZZZZZZZZZZZZZZZZZZZZ"), "a first character that is not 0 may not be lost")
	require.Empty(t, pix.StaticTxID(""))
}

func TestKeysAreToldByTheirForm(t *testing.T) {
	for key, want := range map[string]pix.Kind{
		"12345678901": pix.CPF, "12345678000195": pix.CNPJ, "12ABC34501DE35": pix.CNPJ, "+5561912345678": pix.Phone,
		"+551133334444": pix.Phone, "fulano@example.com": pix.Email, evp: pix.Random,
	} {
		kind, err := pix.KindOf(key)
		require.NoError(t, err, key)
		require.Equal(t, want, kind, key)
	}
	for _, bad := range []string{"", "1234567890", "123.456.789-01", "5561912345678", "+55 61912345678", "Fulano@example.com", "fulano@", strings.ToUpper(evp), strings.Repeat("a", 70) + "@a.example"} {
		_, err := pix.KindOf(bad)
		require.Error(t, err, bad)
	}
}

func TestNamesAreFoldedToWhatACodeCanHold(t *testing.T) {
	for name, want := range map[string]string{
		"Mercadinho São João": "Mercadinho Sao Joao", "PÃO & CIA Nº 3": "PAO & CIA No 3", " a\tb  c ": "a b c", "店 Loja": "Loja",
		"Comércio de Alimentos Ltda do Sul": "Comercio de Alimentos Ltd", "": "",
	} {
		require.Equal(t, want, pix.Fold(name, pix.MerchantMax), name)
	}
}
