package abecs_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"balcao/reader"
	"balcao/reader/abecs"
	"balcao/reader/emv"
	"balcao/terminal/card"
	"balcao/terminal/money"
)

var saleTime = time.Date(2026, 1, 15, 14, 30, 0, 0, time.UTC)

// encode answers the payload of a command that must be writable.
func encode(t *testing.T, command abecs.Command, err error) []byte {
	t.Helper()
	require.NoError(t, err)
	payload, err := command.Encode()
	require.NoError(t, err)
	return payload
}

// answer reads a payload that a pinpad sent.
func answer(t *testing.T, body string) abecs.Response {
	t.Helper()
	response, err := abecs.ParseResponse(unhex(t, body))
	require.NoError(t, err)
	return response
}

func TestCommandsAreWrittenAsTheSourcesPrintThem(t *testing.T) {
	event := func(request abecs.EventRequest) []byte {
		command, err := request.Command()
		return encode(t, command, err)
	}
	finish, err := abecs.FinishChip{Result: abecs.HostApproved, ARC: "00"}.Command()
	start, startErr := abecs.StartTables(0, "SIMTAB0001")
	for want, payload := range map[string][]byte{
		frames["OPN"][0]:                              encode(t, abecs.Open(), nil),
		frames["display"][0]:                          encode(t, abecs.Display([2]string{"    OPERAÇÃO", "   FINALIZADA"}), nil),
		"'CEX015' 0006 0006 '100000' 000C 0001 1E":    event(abecs.EventRequest{Key: true, Timeout: 30 * time.Second}),
		"'CEX010' 0006 0006 '002100'":                 event(abecs.EventRequest{ChipRemoved: true, Contactless: true}),
		"'FCX014' 0019 0004 '0000' 001C 0002 '00'":    encode(t, finish, err),
		"'TLI01200SIMTAB0001'":                        encode(t, start, startErr),
		"'TLE'":                                       encode(t, abecs.EndTables(), nil),
		"'RMC032RETIRE O CARTAO                 '":    encode(t, abecs.Remove([2]string{"RETIRE O CARTAO", ""}), nil),
		"'DEX007004A' 0D 'BC'":                        encode(t, abecs.DisplayText("A\nBC"), nil),
		"'DSP032A longer text th                '":    encode(t, abecs.Display([2]string{"A longer text than the line", "\n"}), nil),
		"'DSP032?                               '":    encode(t, abecs.Display([2]string{"€", ""}), nil),
		"'DEX163160" + strings.Repeat("x", 160) + "'": encode(t, abecs.DisplayText(strings.Repeat("x", 161)), nil),
	} {
		require.Equal(t, unhex(t, want), payload, want)
	}
}

func TestASwipeIsAlwaysMasked(t *testing.T) {
	command, err := abecs.EventRequest{Stripe: true, ChipInserted: true}.Command()
	require.Equal(t, unhex(t, "'CEX018' 0006 0006 '011000' 0023 0004 '0604'"), encode(t, command, err))
}

func TestACardIsAlwaysAskedForMasked(t *testing.T) {
	command, err := abecs.GetCard{
		Amount: 12990, At: saleTime, Acquirer: 1, AppTypes: []abecs.AppType{abecs.CreditApp, abecs.DebitApp},
		Timeout: 2 * time.Minute, Message: "CARTÃO",
	}.Command()
	require.Equal(t, unhex(t, "'GCX094' 0013 000C '000000012990' 0015 0006 '260115' 0016 0006 '143000' 0017 0005 '00000' 0023 0004 '0604'"+
		"0021 0001 00 0022 0003 '986' 0010 0002 '01' 0011 0004 '0102' 000C 0001 78 001B 0006 'CART' C3 'O'"), encode(t, command, err))

	command, err = abecs.GetCard{At: saleTime, Contactless: true}.Command()
	require.Contains(t, string(encode(t, command, err)), string(unhex(t, "0017 0005 '10000'")))
	command, err = abecs.GetCard{At: saleTime}.Command()
	require.Contains(t, string(encode(t, command, err)), string(unhex(t, "0023 0004 '0604'")))
	_, err = abecs.GetCard{Amount: 1_000_000_000_000}.Command()
	require.Error(t, err)
	_, err = abecs.GetCard{Amount: -1}.Command()
	require.Error(t, err)
	command, err = abecs.Close(strings.Repeat("x", 129))
	require.Len(t, encode(t, command, err), 3+3+4+128)
}

func TestTracksAreAlwaysAskedForSealed(t *testing.T) {
	command, err := abecs.GetTracks{Slot: 7}.Command()
	require.Equal(t, unhex(t, "'GTK025' 0007 0004 '1010' 0003 0002 '50' 0008 0001 '0' 0009 0002 '07'"), encode(t, command, err))
}

func TestTheChipIsNeverAllowedToApproveByItself(t *testing.T) {
	request := abecs.GoOnChip{Acquirer: 2, Amount: 850, PINSlot: 1, Tags: []emv.Tag{emv.TVR, emv.Cryptogram}}
	command, err := request.Command()
	require.Equal(t, unhex(t, "'GOX049' 0010 0002 '02' 0013 000C '000000000850' 0002 0001 '3' 0009 0002 '01' 0018 0005 '01000' 0004 0003 959F26"),
		encode(t, command, err))
	_, err = abecs.GoOnChip{Amount: -1}.Command()
	require.Error(t, err)
}

func TestTheIssuersAnswerGoesToTheChip(t *testing.T) {
	data := unhex(t, "9108A102DB6D41C67963 72129F1800860D8424000008A071544A23761AA1")
	command, err := abecs.FinishChip{
		Result: abecs.HostDeclined, ARC: "51", IssuerData: data, Tags: []emv.Tag{emv.TVR},
	}.Command()
	require.Equal(t, unhex(t, "'FCX053' 0019 0004 '1000' 001C 0002 '51' 0005 001E 9108A102DB6D41C67963 72129F1800860D8424000008A071544A23761AA1 0004 0001 95"),
		encode(t, command, err))
	command, err = abecs.FinishChip{Result: abecs.HostSilent}.Command()
	require.Equal(t, unhex(t, "'FCX008' 0019 0004 '2000'"), encode(t, command, err))
	_, err = abecs.FinishChip{IssuerData: make([]byte, 513)}.Command()
	require.Error(t, err)
	_, err = abecs.FinishChip{Result: abecs.HostApproved}.Command()
	require.Error(t, err, "an approval needs its response code")
}

func TestAPinpadIntroducesItself(t *testing.T) {
	request := abecs.InfoRequest{Acquirer: 1}
	command, err := request.Command()
	require.Equal(t, unhex(t, "'GIX024' 0001 0014 8001 8003 8004 8005 8006 8007 8020 8035 8036 9301"), encode(t, command, err))

	info, err := request.ParseInfo(answer(t, "'GIX000072' 8001 000A 'SIM0000001' 8003 000A 'SIMPAD;1MB' 8005 000A '1111100000' 8007 0004 '2.20' 8020 0004 '0416' 9101 000A FFFF9876543210E00001"))
	require.NoError(t, err)
	require.Equal(t, "SIM0000001", info.Serial)
	require.Equal(t, "SIMPAD", info.ModelName())
	require.Equal(t, "2.20", info.SpecVersion)
	require.Equal(t, "0416", info.TextSize)
	require.Empty(t, info.TableVersion)
	require.False(t, info.KeyMissing(1, 1), "no key map, no complaint")
}

func TestAnAnswerInTwoBlocksIsReadWhole(t *testing.T) {
	keys := "01" + strings.Repeat("0", 98)
	first := unhex(t, "8001 000A 'SIM0000001' 8035 0064 '"+keys+"' 8007 0004 '2.12' 8004 0006 'GERTEC'")
	second := unhex(t, "9301 000A 'SIMTAB0001'")
	body := fmt.Sprintf("'GIX000%03d%s%03d%s'", len(first), first, len(second), second)
	info, err := abecs.InfoRequest{Acquirer: 1}.ParseInfo(answer(t, body))
	require.NoError(t, err)
	require.Equal(t, "GERTEC", info.Maker)
	require.Equal(t, "SIMTAB0001", info.TableVersion)
	require.False(t, info.KeyMissing(1, 1))
	require.True(t, info.KeyMissing(2, 1))
	require.True(t, info.KeyMissing(100, 1))
}

func TestEventsAreRead(t *testing.T) {
	event, err := abecs.ParseEvent(answer(t, messages["stripe event"][0]))
	require.NoError(t, err)
	require.Equal(t, abecs.EventStripe, event)
	event, err = abecs.ParseEvent(answer(t, "'CEX000006' 8040 0002 '13'"))
	require.NoError(t, err)
	require.Equal(t, abecs.EventCancel, event)
	_, err = abecs.ParseEvent(answer(t, "'CEX000'"))
	require.ErrorContains(t, err, "PP_EVENT is missing")
}

const chipCard = "804F 0002 '03' 8051 000C '010101020502' 8052 0010 '541333******0011' 8053 0002 '01' " +
	"8042 0018 '541333******0011=2512201' 805B 0008 'CR" + "' C9 'DITO ' 805D 0006 '251231' 8055 0004 'A/B ' 805C 0003 '076'"

func TestAChipCardIsReadMasked(t *testing.T) {
	got, err := abecs.ParseCard(oneBlock(t, "GCX", chipCard))
	require.NoError(t, err)
	require.Equal(t, abecs.ChipCard, got.Type)
	require.Equal(t, "541333", got.PAN.BIN())
	require.Equal(t, "0011", got.PAN.Last4())
	require.Equal(t, "201", got.Track2.ServiceCode)
	require.Equal(t, "01", got.PANSequence)
	require.Equal(t, "CRÉDITO", got.Label)
	require.Equal(t, 2025, got.Expiry.Year())
	require.Empty(t, got.Chip)
	require.Equal(t, []abecs.Application{{Acquirer: 1, Record: "01", Type: 1}, {Acquirer: 2, Record: "05", Type: 2}}, got.Applications)
}

func TestCardDataInClearIsRefused(t *testing.T) {
	for _, v := range vectors(t) {
		if !strings.HasPrefix(v.Scenario, "G5") && !strings.HasPrefix(v.Scenario, "G6") || v.Dir != "P>H" || !strings.HasPrefix(v.Payload, "474358") {
			continue
		}
		response, err := abecs.ParseResponse(unhex(t, v.Payload))
		require.NoError(t, err)
		_, err = abecs.ParseCard(response)
		require.ErrorIs(t, err, reader.ErrNotMasked, v.Scenario)
		require.NotContains(t, err.Error(), "541333")
	}
}

func TestAStripeCardSaysWhetherItsChipFailed(t *testing.T) {
	for digit, status := range map[string]abecs.ChipStatus{"'0'": abecs.ChipGood, "'1'": abecs.ChipFailed, "'2'": abecs.ChipUnfit} {
		got, err := abecs.ParseCard(answer(t, "'GCX000039' 804F 0002 '00' 8050 0001 "+digit+" 8042 0018 '541333******0011=2512201'"))
		require.NoError(t, err)
		require.Equal(t, abecs.StripeCard, got.Type)
		require.True(t, got.Type.Stripe())
		require.Equal(t, status, got.Chip)
		require.Equal(t, "541333", got.Track2.PAN.BIN())
		require.Equal(t, "541333", got.PAN.BIN())
	}
	got, err := abecs.ParseCard(answer(t, "'GCX000011' 804F 0002 '00' 8050 0001 '0'"))
	require.NoError(t, err, "a swipe that could not be read is no error")
	require.Zero(t, got.PAN.Length())
}

// oneBlock is an answer that holds these parameters.
func oneBlock(t *testing.T, id, parameters string) abecs.Response {
	t.Helper()
	block := unhex(t, parameters)
	return answer(t, fmt.Sprintf("'%s000%03d%s'", id, len(block), block))
}

func TestAContactlessCardIsReadAsItMetTheAntenna(t *testing.T) {
	// The order is that of a real device's answer.
	got, err := abecs.ParseCard(oneBlock(t, "GCX", "8051 0006 '020101' 805B 0007 'CREDITO' 8060 0002 '00' 804F 0002 '06' "+
		"8042 0018 '541333******0011=2512201' 8052 0010 '541333******0011' 8053 0002 '00' 805C 0003 '076'"))
	require.NoError(t, err)
	require.Equal(t, abecs.ContactlessCard, got.Type)
	require.False(t, got.Type.Stripe())
	require.Equal(t, "0011", got.PAN.Last4())
	require.Equal(t, "00", got.PANSequence)
	require.Equal(t, 2, got.Applications[0].Acquirer)

	got, err = abecs.ParseCard(oneBlock(t, "GCX", "804F 0002 '05' 8051 0006 '010101' 8042 0018 '541333******0011=2512201' 805B 0000 8060 0002 '01'"))
	require.NoError(t, err)
	require.True(t, got.Type.Stripe())
	require.Equal(t, "0011", got.PAN.Last4())
	_, err = abecs.ParseCard(answer(t, "'GCX000006' 804F 0002 '06'"))
	require.ErrorContains(t, err, "PP_PAN is missing")
}

func TestThePINOfAStripeIsAskedForAsInTheTranscript(t *testing.T) {
	request := abecs.GetPIN{Slot: 1, Lines: [2]string{"VALOR:     25,99", "SENHA:"}}
	command, err := request.Command()
	require.Equal(t, unhex(t, "'GPN0933010000000000000000000000000000000000                   10412VALOR:     25,99SENHA:          '"),
		encode(t, command, err))
	got, err := request.ParsePIN(answer(t, "'GPN00003623764A1E432D6D72FFFF9876543210E00002'"))
	require.NoError(t, err)
	require.Equal(t, card.Sealed{
		Kind: card.PINBlock, Scheme: card.DUKPTECB, KeySlot: 1, KSN: "FFFF9876543210E00002", Data: "23764A1E432D6D72",
	}, got)
	for name, body := range map[string]string{
		"nothing": "'GPN000'", "short": "'GPN00003523764A1E432D6D72FFFF9876543210E0000'",
		"no hex": "'GPN000036X3764A1E432D6D72FFFF9876543210E00002'", "two blocks": "'GPN00001823764A1E432D6D72FF018FF9876543210E00002'",
	} {
		_, err := request.ParsePIN(answer(t, body))
		require.Error(t, err, name)
		require.NotContains(t, err.Error(), "3764A1")
	}
	for _, slot := range []int{-1, 100} {
		_, err := abecs.GetPIN{Slot: slot}.Command()
		require.Error(t, err)
	}
}

func TestAnswersWithoutWhatTheStandardPromisesAreRefused(t *testing.T) {
	for body, want := range map[string]string{
		"'GCX000'":                                                "PP_CARDTYPE is missing",
		"'GCX000006' 804F 0002 '03'":                              "PP_PAN is missing",
		"'GCX000005' 804F 0001 '3'":                               "PP_CARDTYPE",
		"'GCX000006' 804F 0002 '00'":                              "PP_ICCSTAT is missing",
		"'GCX000016' 804F 0002 '05' 805D 0006 '251331'":           "no such month",
		"'GCX000014' 804F 0002 '05' 8051 0004 '0101'":             "PP_AIDTABINFO",
		"'GCX000016' 804F 0002 '05' 8051 0006 'AA0101'":           "PP_AIDTABINFO",
		"'GCX000026' 804F 0002 '03' 8052 0010 '5413330089020011'": "not masked",
		"'GCX000021' 804F 0002 '05' 8042 000B '54133300=25'":      "not masked",
		"'GCX000006' 804F 0003 '00'":                              "runs past",
	} {
		_, err := abecs.ParseCard(answer(t, body))
		require.ErrorContains(t, err, want, body)
		require.NotContains(t, err.Error(), "5413")
	}
}

func TestSealedTracksComeWithSlotAndSerialNumber(t *testing.T) {
	body := "'GTK000068' 804A 0008 1122334455667788 804B 000A FFFF9876543210E00002 8045 0010 00112233445566778899AABBCCDDEEFF 8048 000A FFFF9876543210E00002"
	items, err := abecs.GetTracks{Slot: 3}.ParseTracks(answer(t, strings.Replace(body, "068", "060", 1)))
	require.NoError(t, err)
	require.Equal(t, []card.Sealed{
		{Kind: card.PAN, Scheme: card.DUKPTECB, KeySlot: 3, KSN: "FFFF9876543210E00002", Data: "1122334455667788"},
		{Kind: card.Track2, Scheme: card.DUKPTECB, KeySlot: 3, KSN: "FFFF9876543210E00002", Data: "00112233445566778899AABBCCDDEEFF"},
	}, items)
}

func TestOneSerialNumberServesAllFieldsOfOneAnswer(t *testing.T) {
	items, err := abecs.GetTracks{}.ParseTracks(answer(t, "'GTK000038' 804A 0008 1122334455667788 8045 0008 1122334455667788 8048 000A FFFF9876543210E00002"))
	require.NoError(t, err)
	require.Len(t, items, 2)
	require.Equal(t, "FFFF9876543210E00002", items[0].KSN)
}

func TestTracksInClearAreRefused(t *testing.T) {
	for name, body := range map[string]string{
		"no serial number": "'GTK000012' 804A 0008 5413330089020011",
		"no ciphertext":    "'GTK000023' 804A 0005 5413330089 804B 000A FFFF9876543210E00002",
		"too long":         "'GTK000035' 804A 0011 0000000000000000000000000000000000 804B 000A FFFF9876543210E00002",
	} {
		_, err := abecs.GetTracks{}.ParseTracks(answer(t, body))
		require.Error(t, err, name)
		require.NotContains(t, err.Error(), "5413")
	}
	items, err := abecs.GetTracks{}.ParseTracks(answer(t, "'GTK000'"))
	require.NoError(t, err)
	require.Empty(t, items)
}

func TestTheChipsAnswerCarriesThePINAndTheWantedTags(t *testing.T) {
	request := abecs.GoOnChip{PINSlot: 4, Tags: []emv.Tag{emv.TVR, emv.Cryptogram, emv.PAN}}
	got, err := request.ParseChipAnswer(answer(t, messages["chip's answer"][0]))
	require.NoError(t, err)
	require.Equal(t, abecs.GoOnline, got.Decision)
	require.Equal(t, card.CVMOnlinePIN, got.CVM)
	require.Equal(t, card.Sealed{
		Kind: card.PINBlock, Scheme: card.DUKPTECB, KeySlot: 4, KSN: "FFFFF798410034400008", Data: "B9DF0A996EA6CCB7",
	}, got.PIN)
	require.Equal(t, []emv.Object{
		{Tag: emv.TVR, Value: unhex(t, "0080000000")}, {Tag: emv.Cryptogram, Value: unhex(t, "E0DB51A3742FEA83")},
	}, got.Data)
}

func TestHowTheHolderWasVerified(t *testing.T) {
	for result, want := range map[string]card.CVM{
		"200000": card.CVMNone, "210000": card.CVMSignature, "201000": card.CVMOfflinePIN, "200100": card.CVMDevice, "211000": card.CVMOfflinePIN,
	} {
		got, err := abecs.GoOnChip{}.ParseChipAnswer(answer(t, "'GOX000010' 8056 0006 '"+result+"'"))
		require.NoError(t, err)
		require.Equal(t, want, got.CVM, result)
	}
	for name, body := range map[string]string{
		"no result":          "'GOX000'",
		"unknown decision":   "'GOX000010' 8056 0006 '300000'",
		"no PIN block":       "'GOX000010' 8056 0006 '202000'",
		"no serial number":   "'GOX000022' 8056 0006 '202000' 8057 0008 B9DF0A996EA6CCB7",
		"PIN block too long": "'GOX000023' 8056 0006 '202000' 8057 0009 B9DF0A996EA6CCB700",
		"chip data broken":   "'GOX000016' 8056 0006 '200000' 8054 0002 9F26",
	} {
		_, err := abecs.GoOnChip{}.ParseChipAnswer(answer(t, body))
		require.Error(t, err, name)
	}
}

func TestTheCardsLastWord(t *testing.T) {
	request := abecs.FinishChip{Tags: []emv.Tag{emv.CryptogramInformation, emv.TVR}}
	for name, tc := range map[string]struct {
		body     string
		accepted bool
	}{
		"accepted":                  {"'FCX000007' 8058 0003 '000'", true},
		"accepted with certificate": {"'FCX000015' 8058 0003 '000' 8054 0004 9F270140", true},
		"refused":                   {"'FCX000007' 8058 0003 '100'", false},
		"result yes, cryptogram no": {"'FCX000015' 8058 0003 '000' 8054 0004 9F270100", false},
		"result no, cryptogram yes": {"'FCX000015' 8058 0003 '100' 8054 0004 9F270140", false},
		"contactless, without data": {"'FCX000011' 8058 0003 '000' 8054 0000", true},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := request.ParseFinalAnswer(answer(t, tc.body))
			require.NoError(t, err)
			require.Equal(t, tc.accepted, got.Accepted)
		})
	}
	got, err := request.ParseFinalAnswer(answer(t, "'FCX000021' 8058 0003 '000' 8059 000A 00112233445566778899"))
	require.NoError(t, err)
	require.Len(t, got.ScriptResults, 10)
	for name, body := range map[string]string{
		"the misprint of the standard": "'FCX000007' 8056 0003 '000'",
		"half a script result":         "'FCX000014' 8058 0003 '000' 8059 0003 001122",
		"chip data broken":             "'FCX000013' 8058 0003 '000' 8054 0002 9F27",
	} {
		_, err := request.ParseFinalAnswer(answer(t, body))
		require.Error(t, err, name)
	}
}

func TestNotificationsAreRead(t *testing.T) {
	require.Equal(t, abecs.Notice{Text: "SELECIONADO: CREDITO", Card: true},
		abecs.ParseNotice(answer(t, "'NTM000032SELECIONADO:    CREDITO         '")))
	require.Equal(t, abecs.Notice{Text: "SOLICITE A SENHA", PIN: true},
		abecs.ParseNotice(answer(t, "'NTM000032SOLICITE A SENHA                '")))
	require.Equal(t, abecs.Notice{}, abecs.ParseNotice(answer(t, "'NTM000000'")))
}

func TestOnlyCardCommandsBlock(t *testing.T) {
	require.True(t, abecs.GCX.Blocking())
	require.True(t, abecs.GPN.Blocking())
	require.False(t, abecs.GTK.Blocking())
}

func TestTableRecordsOfTheTranscriptAreChecked(t *testing.T) {
	var loads [][]byte
	for _, v := range vectors(t) {
		if payload := unhex(t, v.Payload); strings.HasPrefix(string(payload), "TLR") && v.sender() == abecs.Till {
			loads = append(loads, payload)
		}
	}
	require.Len(t, loads, 2)
	application, err := abecs.ParseRecord(loads[0][8:])
	require.NoError(t, err)
	require.Equal(t, "10201", application.Key())
	require.Equal(t, 2, application.Acquirer())
	key, err := abecs.ParseRecord(loads[1][8 : 8+611])
	require.NoError(t, err)
	revoked, err := abecs.ParseRecord(loads[1][8+611:])
	require.NoError(t, err)

	commands := abecs.LoadRecords([]abecs.Record{application, key, revoked})
	require.Len(t, commands, 1)
	require.Len(t, commands[0].Blocks[0], 2+340+611+26)
	require.Len(t, abecs.LoadRecords([]abecs.Record{application, application, application}), 2)
	require.Equal(t, loads[0], encode(t, abecs.LoadRecords([]abecs.Record{application})[0], nil))
	require.Equal(t, loads[1], encode(t, abecs.LoadRecords([]abecs.Record{key, revoked})[0], nil))
}

// transcriptRow is the application of the golden transcript, contactless switched off.
var transcriptRow = abecs.ApplicationRow{
	Acquirer: 2, Index: "01", AID: "A0000000041010", Type: abecs.CreditApp, Label: "CREDITO", Versions: []string{"0002"},
	Merchant: "000000000000001", Terminal: "SIM00001", Category: "5411",
	ActionDefault: "FC50ACA000", ActionDenial: "0000000000", ActionOnline: "F850ACF800",
}

func TestAnApplicationRowIsWrittenAsInTheTranscript(t *testing.T) {
	row := transcriptRow
	row.Contactless = abecs.ContactlessRow{Kernel: abecs.MastercardKernel, Max: 500_000, PhoneMax: 500_000, CVMLimit: 20_000}
	record, err := row.Record()
	require.NoError(t, err)
	require.Len(t, record, 340)
	for _, v := range vectors(t) {
		payload := unhex(t, v.Payload)
		if !strings.HasPrefix(string(payload), "TLR34201") {
			continue
		}
		// Contactless limits and capabilities are the store's own: all but those agree.
		want := payload[8:]
		require.Equal(t, string(want[:167]), string(record[:167]))
		require.Equal(t, string(want[196:284]), string(record[196:284]))
	}
}

func TestTheContactlessPartOfARow(t *testing.T) {
	row := transcriptRow
	record, err := row.Record()
	require.NoError(t, err)
	require.Equal(t, "00"+"00000000"+"00000000"+"00000000"+"0000"+"0", string(record[165:196]))
	require.Equal(t, strings.Repeat("0", 56), string(record[284:]))

	row.Contactless = abecs.ContactlessRow{Kernel: abecs.VisaKernel, Max: 500_000, PhoneMax: 1_000_000, CVMLimit: 20_000}
	record, err = row.Record()
	require.NoError(t, err)
	require.Equal(t, "02"+"0007A120"+"00000000"+"00004E20"+"0000"+"0", string(record[165:196]))
	require.Equal(t, "0000000000"+"0000000000"+"FFFFFFFFFF"+"E068C8"+"1"+"6000F0A001"+"000F4240"+"0", string(record[284:]))
	for _, limit := range []money.Cents{-1, 1 << 32} {
		row.Contactless.CVMLimit = limit
		_, err = row.Record()
		require.ErrorContains(t, err, "contactless limit")
	}
}

func TestRowsAndRecordsThatCannotBeAreRefused(t *testing.T) {
	for name, row := range map[string]abecs.ApplicationRow{
		"no index":       {AID: "A0000000041010", Index: "001"},
		"AID too long":   {AID: strings.Repeat("A0", 17), Index: "01"},
		"merchant":       {Merchant: "0000000000000001", Index: "01"},
		"third acquirer": {Acquirer: 100, Index: "01"},
	} {
		_, err := row.Record()
		require.Error(t, err, name)
	}
	for name, row := range map[string]string{
		"short": "0091", "length lies": "0303020112345678901234567890", "kind": "02640201" + strings.Repeat("0", 256),
		"acquirer": "0263AA01" + strings.Repeat("0", 18), "kind too short": "02510201" + strings.Repeat("0", 17),
		"too long for a block": "99910201" + strings.Repeat("0", 991),
	} {
		_, err := abecs.ParseRecord([]byte(row))
		require.Error(t, err, name)
	}
	_, err := abecs.StartTables(1, "SHORT")
	require.Error(t, err)
}
