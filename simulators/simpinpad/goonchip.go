package simpinpad

import (
	"errors"
	"slices"

	"balcao/simulators/hsm"
)

// Positions in SPE_GOXOPT. Source: ABECS 2.20, SPE_GOXOPT.
const (
	goxOnExceptionList = 1
	goxMustGoOnline    = 2
	goxNoBypass        = 3
)

// amountMaxCents is the largest amount that fits the 4 bytes of a card's own amount
// field. Source: ABECS 2.20, status 077.
const amountMaxCents = 1<<32 - 1

// onlinePINCapable is the bit of the terminal's capabilities (tag 9F33, byte 2) for
// an encrypted PIN sent online. Source: EMV 4.3 Book 4, annex A2.
const onlinePINCapable = 0x40

// A verification is how the card holder was known, or was not.
type verification struct {
	results   []byte // tag 9F34: method, condition, result
	signature bool
	onDevice  bool   // the holder's own, a phone
	pinBlock  []byte // nil: no PIN
	ksn       hsm.KSN
}

// goOnChip is GOX: it asks for the PIN, weighs the risk and lets the card answer.
// Source: ABECS 2.20, GOX; EMV 4.3 Book 3, 10.5 to 10.8.
func (d *device) goOnChip(r request) ([][]byte, error) {
	s, err := d.saleAt(stepRead)
	if err != nil {
		return nil, err
	}
	if r.text(speMethodPIN) == methodMasterKey && !r.has(speWorkingKey) {
		return nil, statusMandatory
	}
	record, err := s.recordOf(r.text(speAcquirer))
	if err != nil {
		return nil, err
	}
	objects, err := parseObjects(r.values[speEMVData])
	if err != nil {
		return nil, statusInvalidParm
	}
	if _, err := parseTagList(r.values[speTagList]); err != nil {
		return nil, statusInvalidParm
	}
	if err := d.checkPINKey(r.text(speMethodPIN), keyIndex(r)); err != nil {
		return nil, err
	}
	known, err := d.goOnWith(s, record, objects, r)
	if err != nil {
		return nil, err
	}
	s.step = stepAnswered
	return s.goOnAnswer(known, r)
}

func (d *device) goOnWith(s *sale, record aidRecord, objects []object, r request) (verification, error) {
	if s.tap != nil {
		s.step = stepOver
		return d.goOnTap(s, r)
	}
	s.useRecord(record)
	s.useParameters(r)
	if err := s.useTillObjects(objects); err != nil {
		return verification{}, err
	}
	s.step = stepOver // whatever fails from here on, the card has to be read again
	known, err := d.letCardAnswer(s, record, r)
	if errors.Is(err, statusFallback) {
		d.chipStatus = chipFailed
	}
	return known, err
}

func (s *sale) recordOf(acquirer string) (aidRecord, error) {
	at := slices.IndexFunc(s.records, func(record aidRecord) bool { return record.acquirer() == acquirer })
	if at < 0 {
		return aidRecord{}, statusInvalidParm
	}
	return s.records[at], nil
}

// letCardAnswer goes from the holder's verification to the first cryptogram.
func (d *device) letCardAnswer(s *sale, record aidRecord, r request) (verification, error) {
	switch {
	case d.slot != s.slot:
		return verification{}, statusNoCard
	case s.amountCents() > amountMaxCents:
		return verification{}, statusAmountTooLarge
	case s.slot.cryptograms >= cryptogramsMax:
		return verification{}, statusSecurity
	}
	known, err := d.verifyHolder(s, r)
	if err != nil {
		return verification{}, err
	}
	s.values[tagHolderVerification] = known.results
	s.performed(performedVerification | performedCardRisk)
	s.terminalRisk(r)
	if failed := s.slot.card.ChipFault.at("GOX"); failed != statusOK {
		return verification{}, failed
	}
	if r.option(speGOXOptions, goxOnExceptionList) == '1' {
		s.set(resultOnExceptionFile)
	}
	if r.option(speGOXOptions, goxMustGoOnline) == '1' {
		s.set(resultForcedOnline)
	}
	s.declined = s.denies(fieldActionDenial, record)
	s.slot.cryptograms++
	if err := s.chip.firstCryptogram(s.declined, s.values); err != nil {
		return verification{}, err
	}
	return known, nil
}

// Values of tag 9F34: method performed, its condition, its result (00 not known to
// the terminal, 01 failed, 02 succeeded). Source: EMV 4.3 Book 4, annex A4.
var (
	verifiedByOnlinePIN = []byte{0x42, 0x03, 0x00}
	verifiedBySignature = []byte{0x1E, 0x03, 0x00}
	verifiedByNothing   = []byte{0x1F, 0x00, 0x02}
	verificationFailed  = []byte{0x42, 0x03, 0x01}
)

// verifyHolder does what the application asks for. A PIN passed over, or one the
// terminal cannot take, leaves the decision to the issuer.
func (d *device) verifyHolder(s *sale, r request) (verification, error) {
	switch s.chip.application.CVM {
	case VerifySignature:
		return verification{results: verifiedBySignature, signature: true}, nil
	case VerifyNothing:
		return verification{results: verifiedByNothing}, nil
	}
	if s.values[tagCapabilities][1]&onlinePINCapable == 0 {
		s.set(resultHolderNotVerified)
		return verification{results: verificationFailed}, nil
	}
	pin, err := d.askPIN(s, r)
	if err != nil {
		return verification{}, err
	}
	if pin == "" {
		s.set(resultPINNotEntered)
		s.set(resultHolderNotVerified)
		return verification{results: verificationFailed}, nil
	}
	block, ksn, err := d.encryptPIN(keyIndex(r), pin, s.slot.card.PAN)
	if err != nil {
		return verification{}, err
	}
	s.set(resultOnlinePINEntered)
	return verification{results: verifiedByOnlinePIN, pinBlock: block, ksn: ksn}, nil
}

func (d *device) askPIN(s *sale, r request) (string, error) {
	idle, _ := r.timeout(pinIdleTime)
	d.notify("SOLICITE A SENHA")
	return d.enterPIN(pinScreen{
		title:        pinTitle(r, s.amountCents()),
		min:          pinMin,
		max:          pinMax,
		idle:         idle,
		emptyAllowed: r.option(speGOXOptions, goxNoBypass) != '1',
		slot:         s.slot,
	})
}

// goOnAnswer is the answer to GOX. Source: ABECS 2.20, PP_GOXRES.
func (s *sale) goOnAnswer(known verification, r request) ([][]byte, error) {
	result := []byte("200000")
	if s.declined {
		result[0] = '1'
	}
	if known.signature {
		result[1] = '1'
	}
	if known.pinBlock != nil {
		result[2] = '2'
	}
	if known.onDevice {
		result[3] = '1'
	}
	fields := []field{{ppGOXResult, result}}
	if known.pinBlock != nil {
		fields = append(fields, field{ppPINBlock, known.pinBlock}, field{ppKSN, known.ksn[:]})
	}
	fields, err := s.appendEMVData(fields, r)
	if err != nil {
		return nil, err
	}
	return packFields(fields)
}
