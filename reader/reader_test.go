package reader_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"balcao/reader"
)

func TestAMaskedPANGivesItsSixAndFourDigits(t *testing.T) {
	pan, err := reader.ParseMaskedPAN("541333******0011")
	require.NoError(t, err)
	require.Equal(t, "541333", pan.BIN())
	require.Equal(t, "0011", pan.Last4())
	require.Equal(t, 16, pan.Length())
}

func TestAPANThatIsNotMaskedIsRefusedWithoutBeingPrinted(t *testing.T) {
	for _, text := range []string{
		"5413330089020011", "5413330*****0011", "541333*****20011", "54133*******0011", "541333******001*",
		"5413330011", "541333*0011", "", "****************", "541333**********00011", "541333 *****0011",
	} {
		_, err := reader.ParseMaskedPAN(text)
		require.ErrorIs(t, err, reader.ErrNotMasked, text)
		_, err = reader.ParseTrack2Head(text + "=2512201")
		require.ErrorIs(t, err, reader.ErrNotMasked, text)
		if text != "" {
			require.NotContains(t, err.Error(), text)
		}
	}
}

func TestTheHeadOfTrack2(t *testing.T) {
	head, err := reader.ParseTrack2Head("541333******0011=2512201")
	require.NoError(t, err)
	require.Equal(t, "541333", head.PAN.BIN())
	require.Equal(t, 2025, head.Expiry.Year())
	require.Equal(t, 12, head.Expiry.Month())
	require.Equal(t, "201", head.ServiceCode)

	head, err = reader.ParseTrack2Head("541333******0011")
	require.NoError(t, err)
	require.Empty(t, head.ServiceCode)
	require.Zero(t, head.Expiry.Year()+head.Expiry.Month())
	require.Zero(t, reader.MaskedPAN{}.Length())

	_, err = reader.ParseTrack2Head("541333******0011=25122010123456789")
	require.ErrorIs(t, err, reader.ErrNotMasked)
	_, err = reader.ParseTrack2Head("541333******0011=2513201")
	require.ErrorContains(t, err, "no such month")
}

func TestAnExpiryIsFourOrSixDigits(t *testing.T) {
	expiry, err := reader.ParseExpiry("310731")
	require.NoError(t, err)
	require.Equal(t, 2031, expiry.Year())
	require.Equal(t, 7, expiry.Month())
	for _, text := range []string{"", "31", "3100", "31073", "31O731"} {
		_, err := reader.ParseExpiry(text)
		require.Error(t, err, text)
	}
}

func TestNoVerbPrintsADigitOfACard(t *testing.T) {
	head, err := reader.ParseTrack2Head("541333******0011=2512201")
	require.NoError(t, err)
	var printed strings.Builder
	for _, verb := range strings.Split("v +v #v s q x X d T p t b o c e U", " ") {
		format := "%" + verb
		fmt.Fprintf(&printed, format, head.PAN)
		fmt.Fprintf(&printed, format, head.Expiry)
		fmt.Fprintf(&printed, format, []any{head.PAN, &head.PAN, head.Expiry})
	}
	fmt.Fprintf(&printed, "%v %+v", head, []reader.Track2Head{head})
	encoded, err := json.Marshal(head)
	require.NoError(t, err)
	var log bytes.Buffer
	slog.New(slog.NewTextHandler(&log, nil)).Info("x", "pan", head.PAN, "expiry", head.Expiry)
	for _, text := range []string{printed.String(), string(encoded), log.String()} {
		require.NotContains(t, text, "541333")
		require.NotContains(t, text, "0011}")
		require.NotContains(t, text, "2025")
		require.Contains(t, text, "masked PAN")
	}
}

func TestTheBrandComesFromTheAIDAndElseFromTheBIN(t *testing.T) {
	for want, card := range map[string][2]string{
		"elo":        {"A0000006510010", "401178"},
		"visa":       {"A0000000031010", ""},
		"mastercard": {"", "222100"},
		"amex":       {"", "376411"},
		"hipercard":  {"", "606282"},
		"":           {"F000000001", "990000"},
	} {
		require.Equal(t, want, reader.Brand(card[0], card[1]), card)
	}
	require.Equal(t, "mastercard", reader.Brand("", "541333"))
	require.Equal(t, "visa", reader.Brand("", "400000"))
	require.Empty(t, reader.Brand("", "272100"))
}
