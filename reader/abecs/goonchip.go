package abecs

import (
	"fmt"

	"balcao/reader/emv"
	"balcao/terminal/card"
	"balcao/terminal/money"
)

// Values of GOX.
const (
	dukptPIN   = "3"     // SPE_MTHDPIN: DUKPT TDES
	onlineOnly = "01000" // SPE_GOXOPT: the card must not approve by itself
)

// GoOnChip is GOX: let the chip decide, with the holder's PIN if the card wants
// it, and never approve without the issuer. A contactless chip has decided before,
// for the amount of [GetCard], which must be the same here.
type GoOnChip struct {
	Acquirer int // one of [Card.Applications]
	Amount   money.Cents
	PINSlot  int       // key slot of the DUKPT PIN key, 0 to 99
	Tags     []emv.Tag // wanted back
}

// Command encodes the request.
func (g GoOnChip) Command() (Command, error) {
	if g.Amount < 0 || g.Amount > amountMax {
		return Command{}, errAmount
	}
	return Parameters{
		{ID: SPEAcquirer, Value: fmt.Appendf(nil, "%02d", g.Acquirer)},
		{ID: SPEAmount, Value: fmt.Appendf(nil, "%012d", g.Amount)},
		{ID: SPEPINMethod, Value: []byte(dukptPIN)},
		{ID: SPEKeySlot, Value: fmt.Appendf(nil, "%02d", g.PINSlot)},
		{ID: SPEGOXOptions, Value: []byte(onlineOnly)},
		{ID: SPETagList, Value: emv.AppendTags(nil, g.Tags...)},
	}.Command(GOX)
}

// ChipDecision is the first word of PP_GOXRES.
type ChipDecision byte

// The decisions of a chip before the issuer is asked.
const (
	ApprovedOffline ChipDecision = '0'
	DeclinedOffline ChipDecision = '1'
	GoOnline        ChipDecision = '2'
)

// ChipAnswer is what the chip decided, and what the issuer needs to decide.
type ChipAnswer struct {
	Decision ChipDecision
	CVM      card.CVM
	PIN      card.Sealed  // with CVM online_pin only
	Data     []emv.Object // the wanted tags that the card and the pinpad have
}

// ParseChipAnswer reads the answer to g. Tags that were not asked for, or may not
// leave the reader, are dropped.
func (g GoOnChip) ParseChipAnswer(response Response) (ChipAnswer, error) {
	list, err := response.Parameters()
	if err != nil {
		return ChipAnswer{}, err
	}
	answer, err := g.parse(list)
	if err != nil {
		return ChipAnswer{}, fmt.Errorf("read chip's answer: %w", err)
	}
	return answer, nil
}

func (g GoOnChip) parse(list Parameters) (ChipAnswer, error) {
	result, err := list.mandatory(PPGOXResult)
	if err != nil {
		return ChipAnswer{}, err
	}
	answer := ChipAnswer{Decision: ChipDecision(result[0]), CVM: holderVerification(result)}
	if answer.Decision > GoOnline {
		return ChipAnswer{}, fmt.Errorf("%s: unknown decision", PPGOXResult)
	}
	if answer.CVM == card.CVMOnlinePIN {
		if answer.PIN, err = g.parsePIN(list); err != nil {
			return ChipAnswer{}, err
		}
	}
	answer.Data, err = list.chipData(g.Tags)
	return answer, err
}

// holderVerification reads positions 2 to 4 of PP_GOXRES. A PIN outranks a
// signature asked for beside it.
func holderVerification(result []byte) card.CVM {
	signature, pin, device := result[1], result[2], result[3]
	switch {
	case pin == '2':
		return card.CVMOnlinePIN
	case pin == '1':
		return card.CVMOfflinePIN
	case device == '1':
		return card.CVMDevice
	case signature == '1':
		return card.CVMSignature
	}
	return card.CVMNone
}

func (g GoOnChip) parsePIN(list Parameters) (card.Sealed, error) {
	block, err := list.mandatory(PPPINBlock)
	if err != nil {
		return card.Sealed{}, err
	}
	ksn, err := list.mandatory(PPKSN)
	if err != nil {
		return card.Sealed{}, err
	}
	return card.Sealed{
		Kind: card.PINBlock, Scheme: card.DUKPTECB, KeySlot: g.PINSlot,
		KSN: fmt.Sprintf("%X", ksn), Data: fmt.Sprintf("%X", block),
	}, nil
}

// chipData reads PP_EMVDATA and keeps the wanted tags.
func (p Parameters) chipData(wanted []emv.Tag) ([]emv.Object, error) {
	data, found, err := p.value(PPEMVData)
	if err != nil || !found {
		return nil, err
	}
	objects, err := emv.Parse(data)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", PPEMVData, err)
	}
	return emv.Select(objects, wanted...), nil
}
