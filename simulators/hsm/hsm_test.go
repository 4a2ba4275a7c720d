package hsm_test

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"log/slog"
	"math/bits"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"balcao/simulators/hsm"
)

func key(t testing.TB, text string) hsm.Key {
	t.Helper()
	parsed, err := hsm.ParseKey(text)
	require.NoError(t, err)
	return parsed
}

func ksn(t testing.TB, text string) hsm.KSN {
	t.Helper()
	parsed, err := hsm.ParseKSN(text)
	require.NoError(t, err)
	return parsed
}

func block(t testing.TB, text string) hsm.Block {
	t.Helper()
	return hsm.Block(raw(t, text))
}

func raw(t testing.TB, text string) []byte {
	t.Helper()
	data, err := hex.DecodeString(text)
	require.NoError(t, err)
	return data
}

func bytesOf(k hsm.Key) string {
	text, _ := k.MarshalText()
	return string(text)
}

// The base derivation key and the vectors are those of ANSI X9.24-1:2009.
func TestDukptGivesTheKeysOfTheStandard(t *testing.T) {
	bdk := key(t, "0123456789ABCDEFFEDCBA9876543210")
	ipek := hsm.DeriveIPEK(bdk, ksn(t, "FFFF9876543210E00000"))
	require.Equal(t, "6AC292FAA1315B4D858AB3A3D7D5933A", bytesOf(ipek))

	clear, err := hsm.EncodePINBlock("1234", "4012345678909")
	require.NoError(t, err)
	require.Equal(t, block(t, "041274EDCBA9876F"), clear)

	slot := hsm.NewDukpt(bdk, ksn(t, "FFFF9876543210E00000"))
	for _, want := range []struct{ ksn, transaction, pin, data, pinBlock string }{
		{"FFFF9876543210E00001", "042666B49184CFA368DE9628D0397BC9", "042666B49184CF5C68DE9628D0397B36", "448D3F076D8304036A55A3D7E0055A78", "1B9C1845EB993A7A"},
		{"FFFF9876543210E00002", "C46551CEF9FD24B0AA9AD834130D3BC7", "C46551CEF9FD244FAA9AD834130D3B38", "F1BE73B36135C5C26CF937D50ABBE5AF", "10A01C8D02C69107"},
		{"FFFF9876543210E00003", "0DF3D9422ACA56E547676D07AD6BADFA", "0DF3D9422ACA561A47676D07AD6BAD05", "EEEEF522C67239E4A2A65FEBF4C511F4", "18DC07B94797B466"},
	} {
		used, transaction, err := slot.Next()
		require.NoError(t, err)
		require.Equal(t, want.ksn, used.String())
		require.Equal(t, want.transaction, bytesOf(transaction))
		require.Equal(t, want.pin, bytesOf(hsm.PINVariant(transaction)))
		require.Equal(t, want.data, bytesOf(hsm.DataVariant(transaction)))
		secret, err := hsm.PINVariant(transaction).EncryptECB(clear[:])
		require.NoError(t, err)
		require.Equal(t, raw(t, want.pinBlock), secret)
	}
}

// The exchange of a magnetic card in the golden transcripts: PIN block at count 2,
// track 2 with 6 open digits at count 1, both under the X9.24 test key.
func TestHostOpensWhatAPinpadSent(t *testing.T) {
	host := &hsm.HostKeys{
		PINBDK:  map[string]hsm.Key{"FFFF987654": key(t, "0123456789ABCDEFFEDCBA9876543210")},
		DataBDK: map[string]hsm.Key{"FFFF987654": key(t, "0123456789ABCDEFFEDCBA9876543210")},
	}
	pinKey, err := host.PINKey(ksn(t, "FFFF9876543210E00002"))
	require.NoError(t, err)
	clear, err := pinKey.DecryptECB(raw(t, "23764A1E432D6D72"))
	require.NoError(t, err)
	pin, err := hsm.DecodePINBlock(hsm.Block(clear), "5413330089020011")
	require.NoError(t, err)
	require.Equal(t, "1234", pin)

	dataKey, err := host.DataKey(ksn(t, "FFFF9876543210E00001"))
	require.NoError(t, err)
	track, err := dataKey.DecryptECB(raw(t, "E1F42909EC043F306BB8DA6DAAB490B9"))
	require.NoError(t, err)
	require.Equal(t, "0089020011d25122010123456789ffff", hex.EncodeToString(track))

	_, err = host.PINKey(ksn(t, "FFFF0000000000E00001"))
	require.ErrorIs(t, err, hsm.ErrNoKey)
}

func TestCountsWithMoreThanTenOnesAreSkipped(t *testing.T) {
	slot := hsm.NewDukpt(hsm.Key{}, hsm.KSN{})
	slot.KSN = slot.KSN.WithCounter(0x7FE) // ten ones
	first, _, err := slot.Next()
	require.NoError(t, err)
	require.EqualValues(t, 0x7FE, first.Counter())
	second, _, err := slot.Next() // 7FF has eleven
	require.NoError(t, err)
	require.EqualValues(t, 0x800, second.Counter())
}

func TestALastCountIsTheLast(t *testing.T) {
	slot := hsm.NewDukpt(hsm.Key{}, hsm.KSN{})
	slot.KSN = slot.KSN.WithCounter(0x1FF800) // the highest count with ten ones
	used, _, err := slot.Next()
	require.NoError(t, err)
	require.Equal(t, 10, bits.OnesCount32(used.Counter()))
	_, _, err = slot.Next()
	require.ErrorIs(t, err, hsm.ErrExhausted)
}

func TestAPINBlockOpensOnlyWithItsOwnCard(t *testing.T) {
	for _, pin := range []string{"1234", "00000", "123456789012"} {
		clear, err := hsm.EncodePINBlock(pin, "5413330089020011")
		require.NoError(t, err)
		got, err := hsm.DecodePINBlock(clear, "5413330089020011")
		require.NoError(t, err)
		require.Equal(t, pin, got)
	}
	clear, err := hsm.EncodePINBlock("1234", "5413330089020011")
	require.NoError(t, err)
	_, err = hsm.DecodePINBlock(clear, "4111111111111111")
	require.ErrorIs(t, err, hsm.ErrPINBlock)
	for _, bad := range []string{"", "123", "1234567890123", "12a4"} {
		_, err := hsm.EncodePINBlock(bad, "5413330089020011")
		require.Error(t, err)
	}
}

// Vectors of the public Python package pyemv: the examples of its kd.py and ac.py, its
// test_mac.py, and its tests *_hsm.py, whose figures came out of a hardware module.
func TestEMVKeysAndCryptogramsMatchIndependentVectors(t *testing.T) {
	issuer := key(t, "0123456789ABCDEFFEDCBA9876543210")

	t.Run("card key, option A", func(t *testing.T) {
		icc, err := hsm.DeriveICCMasterKey(issuer, "12345678901234567", "01")
		require.NoError(t, err)
		require.Equal(t, "73AD54688CEF2934B0979857E3C719F1", bytesOf(icc))
		icc, err = hsm.DeriveICCMasterKey(issuer, "1234567890123456", "")
		require.NoError(t, err)
		require.Equal(t, "BAB0", icc.CheckValue()[:4])
	})
	t.Run("common session key", func(t *testing.T) {
		require.Equal(t, "E9FB384AF807B940FEDCEA613461B0C4", bytesOf(hsm.DeriveSessionKey(issuer, 0x001C)))
	})
	t.Run("MAC algorithm 3", func(t *testing.T) {
		mac := hsm.MAC(key(t, "AAAAAAAAAAAAAAAABBBBBBBBBBBBBBBB"), []byte("hello world"))
		require.Equal(t, block(t, "2BC2D9EDE0CF31F6"), mac)
	})
	t.Run("from the issuer's key to the ARQC", func(t *testing.T) {
		icc, err := hsm.DeriveICCMasterKey(issuer, "1234567890123456", "00")
		require.NoError(t, err)
		session := hsm.DeriveSessionKey(icc, 0x001C)
		require.Equal(t, "22C8", session.CheckValue()[:4])
		// Cryptogram version 18 covers the whole of 9F10 where ours covers the CVR.
		covered := raw(t, "000000004000"+"000000000000"+"0124"+"8000048000"+"0124"+"191105"+"01"+"52BF4585"+"1800"+"001C"+"06011203A0B800")
		require.Equal(t, block(t, "7A788EA6B8A3E733"), hsm.MAC(session, covered))
	})
	t.Run("ARPC method 1", func(t *testing.T) {
		arpc, err := hsm.ARPC(key(t, "AAAAAAAAAAAAAAAABBBBBBBBBBBBBBBB"), block(t, "1234567890ABCDEF"), "\x00\x00")
		require.NoError(t, err)
		require.Equal(t, block(t, "F5E6F44147E2F1B0"), arpc)
		icc, err := hsm.DeriveICCMasterKey(issuer, "1234567890123456", "00")
		require.NoError(t, err)
		arpc, err = hsm.ARPC(icc, block(t, "29CCA15AE665FA2E"), "00")
		require.NoError(t, err)
		require.Equal(t, block(t, "28993816AFAE4AEB"), arpc)
	})
}

func purchase(t testing.TB) map[uint32][]byte {
	return map[uint32][]byte{
		0x9F02: raw(t, "000000002000"), 0x9F03: raw(t, "000000000000"), 0x9F1A: raw(t, "0076"), 0x95: raw(t, "0000008000"),
		0x5F2A: raw(t, "0986"), 0x9A: raw(t, "260828"), 0x9C: raw(t, "00"), 0x9F37: raw(t, "3804823E"), 0x82: raw(t, "5800"),
		0x9F36: raw(t, "0001"), 0x9F10: raw(t, "06011203A0B800"),
	}
}

func TestACryptogramCoversEveryElementInItsOrder(t *testing.T) {
	session := key(t, "AAAAAAAAAAAAAAAABBBBBBBBBBBBBBBB")
	values := purchase(t)
	got, err := hsm.Cryptogram(session, func(tag uint32) []byte { return values[tag] })
	require.NoError(t, err)
	require.Equal(t, hsm.MAC(session, raw(t, "000000002000000000000000007600000080000986260828003804823E5800000103A0B800")), got)

	genuine, err := hsm.VerifyCryptogram(session, func(tag uint32) []byte { return values[tag] }, got[:])
	require.NoError(t, err)
	require.True(t, genuine)
	for _, tag := range hsm.CryptogramTags() {
		changed := purchase(t)
		changed[tag][len(changed[tag])-1] ^= 1
		genuine, err := hsm.VerifyCryptogram(session, func(tag uint32) []byte { return changed[tag] }, got[:])
		require.NoError(t, err)
		require.False(t, genuine, "tag %X", tag)
		delete(changed, tag)
		_, err = hsm.Cryptogram(session, func(tag uint32) []byte { return changed[tag] })
		require.ErrorContains(t, err, fmt.Sprintf("%X", tag))
	}
}

func TestACardKnowsItsIssuer(t *testing.T) {
	session, arqc := key(t, "AAAAAAAAAAAAAAAABBBBBBBBBBBBBBBB"), block(t, "1234567890ABCDEF")
	data, err := hsm.IssuerAuthenticationData(session, arqc, "00")
	require.NoError(t, err)
	arc, genuine := hsm.VerifyIssuerAuthentication(session, arqc, data)
	require.True(t, genuine)
	require.Equal(t, "00", arc)
	_, genuine = hsm.VerifyIssuerAuthentication(hsm.Key{}, arqc, data)
	require.False(t, genuine)
	data[9] = '5'
	_, genuine = hsm.VerifyIssuerAuthentication(session, arqc, data)
	require.False(t, genuine, "an approval turned into a refusal on the way")
}

func TestTestKeysOfPinpadAndHostFit(t *testing.T) {
	pinpad, host := hsm.GenerateTestKeys()
	used, transaction, err := pinpad.DataSlots[hsm.TestSlot].Next()
	require.NoError(t, err)
	opened, err := host.DataKey(used)
	require.NoError(t, err)
	require.Equal(t, hsm.DataVariant(transaction), opened)
	used, transaction, err = pinpad.PINSlots[hsm.TestSlot].Next()
	require.NoError(t, err)
	opened, err = host.PINKey(used)
	require.NoError(t, err)
	require.Equal(t, hsm.PINVariant(transaction), opened)
	issuer, err := host.IssuerMasterKey("4111111111111111")
	require.NoError(t, err)
	require.Equal(t, hsm.TestIssuerMasterKey('4'), issuer)
	_, err = host.IssuerMasterKey("9111111111111111")
	require.ErrorIs(t, err, hsm.ErrNoKey)
}

func TestKeyFilesComeBackAndStayPrivate(t *testing.T) {
	dir := t.TempDir()
	pinpad, host := hsm.GenerateTestKeys()
	_, _, err := pinpad.PINSlots[hsm.TestSlot].Next()
	require.NoError(t, err)
	pinpadPath, hostPath := filepath.Join(dir, "pinpad.json"), filepath.Join(dir, "host.json")
	require.NoError(t, pinpad.Save(pinpadPath))
	require.NoError(t, host.Save(hostPath))
	gotPinpad, err := hsm.LoadPinpadKeys(pinpadPath)
	require.NoError(t, err)
	require.Equal(t, pinpad, gotPinpad)
	gotHost, err := hsm.LoadHostKeys(hostPath)
	require.NoError(t, err)
	require.Equal(t, host, gotHost)

	info, err := os.Stat(hostPath)
	require.NoError(t, err)
	require.EqualValues(t, 0o600, info.Mode().Perm())
	require.NoError(t, os.Chmod(hostPath, 0o640))
	_, err = hsm.LoadHostKeys(hostPath)
	require.ErrorContains(t, err, "lets others read it")
}

func TestNothingThatPrintsAKeyPrintsItsBytes(t *testing.T) {
	secret := key(t, "0123456789ABCDEFFEDCBA9876543210")
	var log bytes.Buffer
	slog.New(slog.NewJSONHandler(&log, nil)).Info("loaded", "key", secret)
	slog.New(slog.NewTextHandler(&log, nil)).Info("loaded", "key", secret)
	printed := log.String() + fmt.Sprintf("%v %+v %#v %s %x %X %d %q", secret, secret, secret, secret, secret, secret, secret, secret)
	require.Contains(t, printed, "08D7B4")
	for _, bytes := range []string{"0123456789ABCDEF", "1 35 69"} {
		require.NotContains(t, strings.ToUpper(printed), bytes)
	}
	text, err := json.Marshal(hsm.Dukpt{IPEK: secret})
	require.NoError(t, err)
	require.Contains(t, string(text), "0123456789ABCDEFFEDCBA9876543210", "a key file has them")
}

func FuzzDecodePINBlock(f *testing.F) {
	f.Add([]byte{0x04, 0x12, 0x74, 0xED, 0xCB, 0xA9, 0x87, 0x6F}, "4012345678909")
	f.Fuzz(func(t *testing.T, data []byte, pan string) {
		if len(data) < hsm.BlockSize {
			return
		}
		clear := hsm.Block(data[:hsm.BlockSize])
		pin, err := hsm.DecodePINBlock(clear, pan)
		if err != nil {
			return
		}
		again, err := hsm.EncodePINBlock(pin, pan)
		require.NoError(t, err)
		require.Equal(t, clear, again)
	})
}
