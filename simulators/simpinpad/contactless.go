package simpinpad

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"slices"
	"strconv"
	"time"
)

// antennaTime is how long the antenna waits for a card when the till sets no time,
// and how long CEX waits at most. Source: ABECS 2.20, GCX and CEX.
const antennaTime = 2 * time.Minute

// Limits that a till may set for one sale instead of the tables': without and with
// verification on the holder's device. Source: EMV Contactless Book C-2, annex A.
const (
	tagTapLimit      uint32 = 0xDF8124
	tagTapPhoneLimit uint32 = 0xDF8125
)

// A tapSale is what a contactless sale has decided by the time GCX answers: all of it
// happens while the card is before the antenna, and GOX only takes the PIN.
// Source: ABECS 2.20, GCX, contactless.
type tapSale struct {
	known   verification
	wantPIN bool
	// given are amount, cash back and kind of sale, which GOX must not change.
	given map[uint32][]byte
}

// tapLimits gives the highest amounts that a record takes, in cents, the second one
// with verification on the holder's device.
func (d *device) tapLimits(record aidRecord, r request) (plain, onDevice uint64) {
	plain, onDevice = record.cents(fieldTapLimit), record.cents(fieldTapPhoneLimit)
	objects, err := parseObjects(r.values[speEMVData])
	if err != nil {
		return plain, onDevice // GCX refuses them once a card is there
	}
	for tag, limit := range map[uint32]*uint64{tagTapLimit: &plain, tagTapPhoneLimit: &onDevice} {
		if value := findObject(objects, tag); value != nil {
			if given, err := strconv.ParseUint(hex.EncodeToString(value), 10, 64); err == nil {
				*limit = given
			}
		}
	}
	return plain, onDevice
}

// takesTap says whether a record lets this sale happen without contact.
func (d *device) takesTap(record aidRecord, r request) bool {
	amount := r.number(speAmount)
	plain, onDevice := d.tapLimits(record, r)
	return record.chip() && wanted(record, r) && record.contactless() &&
		(amount > 0 || fieldTapZeroAllowed.text(record.text) == "1") && max(plain, onDevice) >= amount
}

// contactlessOffered says whether GCX switches the antenna on: hardware, till and at
// least one record of the tables must want it. Source: ABECS 2.20, GCX.
func (d *device) contactlessOffered(r request) bool {
	return d.antenna && r.option(speGCXOptions, gcxContactless) == '1' &&
		slices.ContainsFunc(d.memory.Tables.aidRecords(), func(record aidRecord) bool { return d.takesTap(record, r) })
}

// chooseTapped takes the card's first application that a record lets be tapped.
func (d *device) chooseTapped(card *Card, r request) (candidate, error) {
	records := slices.DeleteFunc(d.memory.Tables.aidRecords(), func(record aidRecord) bool { return !d.takesTap(record, r) })
	candidates := matchApplications(card, records, r)
	if len(candidates) == 0 {
		return candidate{}, statusNoApplication
	}
	return candidates[0], nil
}

// readContactless does the whole of a contactless transaction but the PIN.
// Source: ABECS 2.20, GCX, contactless.
func (d *device) readContactless(card *Card, r request) ([][]byte, error) {
	d.screen.clear()
	if failed := d.faults.nextTap(); failed != statusOK {
		return nil, failed
	}
	choice, err := d.chooseTapped(card, r)
	if err != nil {
		return nil, err
	}
	record := choice.records[0]
	tap, err := d.verifyTapped(card, record, r)
	if err != nil {
		return nil, err
	}
	if err := d.beginSale(&insertion{card: card}, choice, r); err != nil {
		return nil, err
	}
	if card.Contactless.Stripe {
		d.sale.step = stepOver // there is no chip to go on with
		d.tracks = &keptTracks{pan: card.PAN, track1: card.track1(), track2: card.track2()}
		return d.sale.cardAnswer(cardTypeContactlessStripe, r)
	}
	if err := d.sale.decideTap(tap, record); err != nil {
		return nil, err
	}
	d.tracks = &keptTracks{pan: card.PAN, givesPAN: true, track2: card.track2()}
	return d.sale.cardAnswer(cardTypeContactless, r)
}

// verifiedOnDevice is tag 9F34 after a verification on the holder's device.
// Source: EMV Contactless Book C-2, CVM selection.
var verifiedOnDevice = []byte{0x01, 0x00, 0x02}

// verifyTapped decides how the holder is known. A phone that has not asked its owner
// yet sends the holder away to do so (086); one that knows its owner says so.
func (d *device) verifyTapped(card *Card, record aidRecord, r request) (*tapSale, error) {
	profile := card.Contactless
	plain, _ := d.tapLimits(record, r)
	tap := &tapSale{known: verification{results: verifiedByNothing}}
	if r.number(speAmount) > plain && profile.CVM != VerifyOnDevice {
		return nil, statusOtherInterface
	}
	if r.number(speAmount) <= record.cents(fieldTapCVMLimit) && !profile.CVMAlways {
		return tap, nil
	}
	switch profile.CVM {
	case VerifyOnDevice:
		if d.unlocked != card.Name {
			d.unlocked = card.Name
			return nil, statusHolderActs
		}
		d.unlocked = ""
		tap.known = verification{results: verifiedOnDevice, onDevice: true}
	case VerifySignature:
		tap.known = verification{results: verifiedBySignature, signature: true}
	case VerifyOnlinePIN:
		if record.tapCapabilities()[1]&onlinePINCapable == 0 {
			return nil, statusOtherInterface
		}
		tap.wantPIN, tap.known.results = true, verifiedByOnlinePIN
	}
	return tap, nil
}

// decideTap lets the card answer: with the terminal's data for the antenna, and for
// the amount that GCX was given.
func (s *sale) decideTap(tap *tapSale, record aidRecord) error {
	s.tap = tap
	tap.given = map[uint32][]byte{}
	for _, tag := range []uint32{tagAmount, tagCashback, tagType} {
		tap.given[tag] = slices.Clone(s.values[tag])
	}
	if s.amountCents() > amountMaxCents {
		return statusAmountTooLarge
	}
	s.values[tagCapabilities] = record.tapCapabilities()
	s.values[tagHolderVerification] = tap.known.results
	if tap.wantPIN {
		s.set(resultOnlinePINEntered)
	}
	s.performed(performedVerification | performedCardRisk | performedTerminalRisk)
	if s.amountCents() >= record.cents(fieldTapFloorLimit) {
		s.set(resultOverFloorLimit)
	}
	s.declined = s.denies(fieldTapDenial, record)
	return s.chip.firstCryptogram(s.declined, s.values)
}

// goOnTap is GOX for a contactless card, which has answered and is gone: only a PIN
// may still be asked for, and that cannot be passed over. Source: ABECS 2.20, GOX,
// contactless.
func (d *device) goOnTap(s *sale, r request) (verification, error) {
	s.useParameters(r)
	for tag, value := range s.tap.given {
		if !bytes.Equal(s.values[tag], value) {
			return verification{}, statusInvalidParm
		}
	}
	known := s.tap.known
	if !s.tap.wantPIN || s.declined {
		return known, nil
	}
	idle, _ := r.timeout(pinIdleTime)
	d.notify("SOLICITE A SENHA")
	pin, err := d.enterPIN(pinScreen{title: pinTitle(r, s.amountCents()), min: pinMin, max: pinMax, idle: idle})
	if err != nil {
		return verification{}, err
	}
	known.pinBlock, known.ksn, err = d.encryptPIN(keyIndex(r), pin, s.slot.card.PAN)
	return known, err
}

// finishTap is FCX for a contactless card: the pinpad gives back what it was told.
// Source: ABECS 2.20, FCX, contactless.
func (s *sale) finishTap(said byte, r request) ([][]byte, error) {
	result := "100"
	if said == acquirerApproved {
		result = "000"
	}
	fields := []field{textField(ppFCXResult, result)}
	if r.has(speTagList) {
		fields = append(fields, field{ppEMVData, nil})
	}
	return packFields(fields)
}

// contactless says whether a record has a kernel for the antenna.
func (r aidRecord) contactless() bool { return fieldTapMode.text(r.text) != "0" }

// tapCapabilities is tag 9F33 at the antenna; records of older editions have none of
// their own. Source: ABECS 2.20, EMV tables, CTLSTRMCP.
func (r aidRecord) tapCapabilities() []byte {
	if !fieldTapCapabilities.in(r.text) {
		return fieldCapabilities.bytes(r.text)
	}
	return fieldTapCapabilities.bytes(r.text)
}

// cents reads a limit, 0 when the record has none.
func (r aidRecord) cents(limit recordField) uint64 {
	if !limit.in(r.text) {
		return 0
	}
	return uint64(binary.BigEndian.Uint32(limit.bytes(r.text)))
}
