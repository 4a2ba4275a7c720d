package abecs

import (
	"fmt"

	"balcao/reader/emv"
)

// HostResult is what the till tells the chip of the authorisation (SPE_FCXOPT).
type HostResult string

// The results of an authorisation.
const (
	HostApproved HostResult = "0000"
	HostDeclined HostResult = "1000"
	HostSilent   HostResult = "2000" // no valid answer
)

// issuerDataMax is the longest SPE_EMVDATA in bytes.
const issuerDataMax = 512

// FinishChip is FCX: hand the issuer's answer to the chip and hear its last word. A
// contactless chip is gone by then: the pinpad gives back what it was told.
type FinishChip struct {
	Result     HostResult
	ARC        string // authorisation response code, two characters; not with HostSilent
	IssuerData []byte // whole objects: 91, 71, 72; at most 512 bytes
	Tags       []emv.Tag
}

// Command encodes the request.
func (f FinishChip) Command() (Command, error) {
	if len(f.IssuerData) > issuerDataMax {
		return Command{}, fmt.Errorf("write FCX: %d bytes of the issuer, at most %d", len(f.IssuerData), issuerDataMax)
	}
	list := Parameters{{ID: SPEFCXOptions, Value: []byte(f.Result)}}
	if f.Result != HostSilent {
		list = append(list, Parameter{ID: SPEARC, Value: []byte(f.ARC)})
	}
	if len(f.IssuerData) > 0 {
		list = append(list, Parameter{ID: SPEEMVData, Value: f.IssuerData})
	}
	if len(f.Tags) > 0 {
		list = append(list, Parameter{ID: SPETagList, Value: emv.AppendTags(nil, f.Tags...)})
	}
	return list.Command(FCX)
}

// FinalAnswer is the card's last word.
type FinalAnswer struct {
	Accepted      bool         // false: the card refused, whatever the host said
	Data          []emv.Object // the wanted tags
	ScriptResults []byte       // five bytes for each issuer script
}

// scriptResultBytes is the length of one issuer script result.
const scriptResultBytes = 5

// ParseFinalAnswer reads the answer to f. Result and cryptogram must agree: if
// either says no, the card refused.
func (f FinishChip) ParseFinalAnswer(response Response) (FinalAnswer, error) {
	list, err := response.Parameters()
	if err != nil {
		return FinalAnswer{}, err
	}
	answer, err := f.parse(list)
	if err != nil {
		return FinalAnswer{}, fmt.Errorf("read card's final answer: %w", err)
	}
	return answer, nil
}

func (f FinishChip) parse(list Parameters) (FinalAnswer, error) {
	result, err := list.mandatory(PPFCXResult)
	if err != nil {
		return FinalAnswer{}, err
	}
	data, err := list.chipData(f.Tags)
	if err != nil {
		return FinalAnswer{}, err
	}
	scripts, _, err := list.value(PPScriptResults)
	if err != nil {
		return FinalAnswer{}, err
	}
	if len(scripts)%scriptResultBytes != 0 {
		return FinalAnswer{}, fmt.Errorf("%s: %d bytes", PPScriptResults, len(scripts))
	}
	return FinalAnswer{
		Accepted:      result[0] == '0' && !refuses(data),
		Data:          data,
		ScriptResults: scripts,
	}, nil
}

// refuses says that the cryptogram among data is an AAC: the two high bits of
// 9F27 are zero (EMV 4.3 Book 3, 6.5.5.4).
func refuses(data []emv.Object) bool {
	information, found := emv.Find(data, emv.CryptogramInformation)
	const kindBits = 0xC0
	return found && len(information) == 1 && information[0]&kindBits == 0
}
