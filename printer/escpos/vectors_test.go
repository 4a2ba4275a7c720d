package escpos_test

import (
	"encoding/hex"
	"encoding/json"
	"os"
	"testing"

	"github.com/stretchr/testify/require"

	"balcao/printer/escpos"
)

// vectors are facts of printers and code pages, none made by this package.
type vectors struct {
	Text []struct {
		Source, Text, Bytes string
	}
	Status []struct {
		Source, Answers string
		Ready, Offline  bool
		PaperOut        bool `json:"paper_out"`
		CoverOpen       bool `json:"cover_open"`
	}
	Answers []struct {
		Source, Bytes string
		Kind          escpos.Kind
		Code          byte
		Data          string
	}
}

func readVectors(t *testing.T) (read vectors) {
	t.Helper()
	data, err := os.ReadFile("testdata/vectors.json")
	require.NoError(t, err)
	require.NoError(t, json.Unmarshal(data, &read))
	return read
}

func unhex(t testing.TB, digits string) []byte {
	t.Helper()
	data, err := hex.DecodeString(digits)
	require.NoError(t, err)
	return data
}

func TestPortugueseArrivesInTheCodePageOfThePrinter(t *testing.T) {
	for _, vector := range readVectors(t).Text {
		require.Equal(t, unhex(t, vector.Bytes), textBytes(t, vector.Text), vector.Source)
	}
}

func TestStatusBytesMeanWhatTheManualsSay(t *testing.T) {
	for _, vector := range readVectors(t).Status {
		var status escpos.Status
		for i, answer := range unhex(t, vector.Answers) {
			require.NoError(t, status.Read(escpos.Questions[i], answer), vector.Source)
		}
		require.Equal(t, vector.Offline, status.Offline, vector.Source)
		require.Equal(t, vector.PaperOut, status.NoPaper(), vector.Source)
		require.Equal(t, vector.CoverOpen, status.CoverOpen, vector.Source)
		ready := escpos.Status{DrawerPinHigh: status.DrawerPinHigh}
		require.Equal(t, vector.Ready, status == ready, vector.Source)
	}
}

func TestAnswersAreToldApartByTheirFirstByte(t *testing.T) {
	for _, vector := range readVectors(t).Answers {
		var decoder escpos.Decoder
		sent := unhex(t, vector.Bytes)
		for i, b := range sent {
			answer, complete := decoder.Feed(b)
			require.Equal(t, i == len(sent)-1, complete, vector.Source)
			if complete {
				require.Equal(t, vector.Kind, answer.Kind, vector.Source)
				require.Equal(t, vector.Code, answer.Code, vector.Source)
				require.Equal(t, vector.Data, hexUpper(answer.Data), vector.Source)
			}
		}
	}
}
