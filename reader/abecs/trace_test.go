package abecs_test

import (
	"fmt"
	"regexp"
	"testing"

	"github.com/stretchr/testify/require"

	"balcao/reader/abecs"
)

// cardNumber finds what could be a PAN in any line that is written.
var cardNumber = regexp.MustCompile(`[0-9](?:[ .\-]*[0-9]){12,18}`)

func TestATraceShowsTheFrameAndHidesTheCard(t *testing.T) {
	for name, tc := range map[string]struct {
		sender abecs.Sender
		body   string
		want   string
	}{
		"request": {
			abecs.Till, "'GCX033' 0013 000C '000000012990' 0023 0004 '0604' 001B 0005 'CART' C3",
			`till: GCX SPE_AMOUNT="000000012990" SPE_PANMASK="0604" SPE_DSPMSG="CARTÃ"`,
		},
		"stripe": {
			abecs.Pinpad, messages["stripe event"][0],
			`pinpad: CEX 000 ST_OK PP_EVENT="90" PP_TRK2INC[24]`,
		},
		"chip": {
			abecs.Pinpad, messages["chip's answer"][0],
			`pinpad: GOX 000 ST_OK PP_GOXRES="202000" PP_EMVDATA[48] PP_PINBLK[8] PP_KSN[10]`,
		},
		"issuer's answer": {
			abecs.Till, messages["finish chip"][0],
			`till: FCX SPE_EMVDATA[30] SPE_TAGLIST[7] SPE_ARC="Y3" SPE_FCXOPT="0000"`,
		},
		"PIN":              {abecs.Pinpad, messages["PIN"][0], "pinpad: GPN 000 ST_OK block[36]"},
		"display":          {abecs.Till, frames["display"][0], `till: DSP "    OPERAÇÃO       FINALIZADA"`},
		"refusal":          {abecs.Pinpad, "'GCX013'", "pinpad: GCX 013 ST_CANCEL"},
		"unknown id":       {abecs.Pinpad, "'GCX000010' 7777 0006 '541333'", "pinpad: GCX 000 ST_OK x7777[6]"},
		"encrypted":        {abecs.Till, "12 EA229EDD36F84C2AA7E00275105C3A8A", "till: encrypted[17]"},
		"PAN in a text":    {abecs.Pinpad, "'NTM000019' '5413 3300 8902 0011'", "pinpad: NTM 000 ST_OK text[19]"},
		"no message":       {abecs.Pinpad, "'5413330089020011'", "pinpad: malformed message at byte 6: block runs past the end of 16"},
		"list cut off":     {abecs.Pinpad, "'GCX000008' 8052 0010 '5413'", "pinpad: GCX 000 ST_OK block[8]"},
		"secure open":      {abecs.Till, "'OPN0040256'", "till: OPN block[4]"},
		"short data shown": {abecs.Till, "'CLX009' 0021 0001 00 0025 0000", "till: CLX SPE_TRNTYPE=00 SPE_PBKEXP[0]"},
	} {
		t.Run(name, func(t *testing.T) {
			require.Equal(t, tc.want, abecs.Trace(tc.sender, unhex(t, tc.body)))
		})
	}
}

func TestNoTranscriptLeavesACardNumberInItsTrace(t *testing.T) {
	for _, v := range vectors(t) {
		if v.Payload != "" {
			require.NotRegexp(t, cardNumber, abecs.Trace(v.sender(), unhex(t, v.Payload)))
		}
	}
}

func TestMessagesPrintNothingButTheirTrace(t *testing.T) {
	response, err := abecs.ParseResponse(unhex(t, messages["stripe event"][0]))
	require.NoError(t, err)
	list, err := response.Parameters()
	require.NoError(t, err)
	command, err := abecs.ParseCommand(unhex(t, "'CEX034' 8040 0002 '90' 8042 0018 '4313032929830011=1508601'"))
	require.NoError(t, err)
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
		for _, value := range []any{response, &response, command, list, list[1]} {
			text := fmt.Sprintf(verb, value)
			require.NotRegexp(t, "4313|3433", text)
			require.Contains(t, text, "PP_TRK2INC")
		}
	}
}
