package abecs_test

import (
	"encoding/hex"
	"encoding/json"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"balcao/reader/abecs"
)

// vectorsFile holds transcripts of whole exchanges, in wire order. It is reference
// material that stands beside the repository, not in it.
const vectorsFile = "../../../shared/reference/abecs-vectors.json"

type vector struct {
	Scenario string `json:"scenario"`
	Dir      string `json:"dir"`
	Payload  string `json:"payload"` // before escaping; empty for control bytes and damaged frames
	Wire     string `json:"wire"`
	Clear    string `json:"clear"` // of an encrypted packet
}

func (v vector) sender() abecs.Sender {
	if v.Dir == "H>P" {
		return abecs.Till
	}
	return abecs.Pinpad
}

// encrypted packets and secure OPN are no business of this package's messages.
func (v vector) encrypted() bool { return v.Clear != "" }

// vectors reads the file, or skips the test where only the repository is there.
func vectors(t testing.TB) []vector {
	t.Helper()
	data, err := os.ReadFile(vectorsFile)
	if os.IsNotExist(err) {
		t.Skipf("no reference material at %s", vectorsFile)
	}
	require.NoError(t, err)
	var list []vector
	require.NoError(t, json.Unmarshal(data, &list))
	require.NotEmpty(t, list)
	return list
}

// unhex reads hex digits; spaces are for people, and 'text' stands for its bytes.
func unhex(t testing.TB, text string) []byte {
	t.Helper()
	var data []byte
	for i, part := range strings.Split(text, "'") {
		if i%2 == 1 {
			data = append(data, part...)
			continue
		}
		bytes, err := hex.DecodeString(strings.ReplaceAll(part, " ", ""))
		require.NoError(t, err, part)
		data = append(data, bytes...)
	}
	return data
}

// frames are the wire bytes that the sources of the protocol print, with their
// payload; each was confirmed by at least one independent implementation.
var frames = map[string][2]string{
	"OPN":                  {"'OPN'", "16 4F504E 17 A8A9"},
	"OPN000":               {"'OPN000'", "16 4F504E303030 17 775E"},
	"CRC":                  {"'AAAAAAAA'", "16 4141414141414141 17 9A63"},
	"unknown command":      {"'UNK'", "16 554E4B 17 7C32"},
	"display":              {"'DSP032    OPERA' C7C3 'O       FINALIZADA   '", "16 445350303332 20202020 4F50455241C7C34F 20202020202020 46494E414C495A414441 202020 17 5213"},
	"displayed":            {"'DSP000'", "16 445350303030 17 3963"},
	"RG":                   {"'GCD016' 000C 0001 3C 000E 0001 0A 000B 0002 0009", "16 474344303136 000C00013C 000E00010A 000B00020009 17 C142"},
	"GIX000":               {"'GIX000'", "16 474958303030 17 7F4A"},
	"table version":        {"'GIX006' 0001 0002 9300", "16 474958303036 000100029300 17 92DA"},
	"six ids":              {"'GIX016' 0001 000C 9001 9101 9105 9300 9304 9306", "16 474958303136 0001000C900191019105930093049306 17 F79C"},
	"event":                {"'CEX010' 0006 0006 '111100'", "16 434558303130 00060006313131313030 17 F4FD"},
	"table start, escaped": {"'GCX062' 0012 0008 '02010204' 0013 000C '000000000001' 0015 0006 '251111' 0016 0006 '173647' 0017 0005 '10000' 0021 0001 00", "16 474358303632 001200083032303130323034 001333000C303030303030303030303031 00150006323531313131 00133600063137333634 37 00133700053130303030 00210001 00 17 AF70"},
}

// messages are bodies that the standard prints as examples, with the CRC of their
// frame: commands and answers whose block lengths agree with their data.
var messages = map[string][2]string{
	"stripe event":     {"'CEX000034' 8040 0002 '90' 8042 0018 '4313032929830011=1508601'", "8012"},
	"get EMV data":     {"'GED011' 0004 0007 9F079F084FDF55", "2838"},
	"EMV data":         {"'GED000029' 8054 0019 9F0702FF004F07A0000000031010DF55081122334455667788", "1DD5"},
	"go on chip":       {"'GOX116' 0013 000C '000000023450' 0014 000C '000000010000' 0002 0001 '3' 0009 0002 '07' 001B 0022 'CR' C9 'DITO' 0D 'R$ 234,50' 0D 'DIGITE SUA SENHA' 001A 000A 00002710140000001950 0004 000B 959F269F279F109F349F36 0010 0002 '08'", "0752"},
	"chip's answer":    {"'GOX000088' 8056 0006 '202000' 8054 0030 9505008000000 0 9F2608E0DB51A3742FEA83 9F270180 9F100C2C514D270FC3CD876CA40000 9F3403420302 9F3602004C 8057 0008 B9DF0A996EA6CCB7 804C 000A FFFFF798410034400008", "86C0"},
	"finish chip":      {"'FCX059' 0005 001E 9108A102DB6D41C67963 72129F1800860D8424000008A071544A23761AA1 0004 0007 959F269F279F10 001C 0002 'Y3' 0019 0004 '0000'", "9A42"},
	"menu":             {"'MNU089' 000C 0001 1E 0020 0011 '5.Chamado T' E9 'cnico' 0020 000B '1.Consultas' 0020 0007 '3.Ajuda' 0020 0008 'Voltar!!' 001B 0015 'Selecione, por favor:'", "A63C"},
	"chosen from menu": {"'MNU000006' 804D 0002 '02'", "A153"},
	"PIN":              {"'GPN000036BB6BE28FDF3522E900000000000000000000'", "CC48"},
}
