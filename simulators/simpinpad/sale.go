package simpinpad

import (
	"crypto/rand"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"slices"
	"strconv"
)

// saleStep is how far a chip transaction has come. Source: ABECS 2.20, order of GCX, GOX, FCX.
type saleStep int

const (
	stepRead     saleStep = iota // GCX done
	stepAnswered                 // GOX done
	stepOver                     // FCX done, or given up
)

// stepNames are for the control socket.
var stepNames = map[saleStep]string{stepRead: "gcx", stepAnswered: "gox", stepOver: "over"}

// A sale is one transaction with an application of a card: what the terminal's kernel
// knows of it.
type sale struct {
	slot     *insertion
	chip     *chip
	step     saleStep
	records  []aidRecord // all that mean the chosen application
	values   map[uint32][]byte
	declined bool     // by the terminal, before going online
	tap      *tapSale // nil with a contact chip
}

// Bits of the terminal verification results (tag 95): byte and bit.
// Source: EMV 4.3 Book 3, annex C5.
var (
	resultNoDataAuthentication = resultBit{0, 0x80}
	resultOnExceptionFile      = resultBit{0, 0x10}
	resultExpired              = resultBit{1, 0x40}
	resultHolderNotVerified    = resultBit{2, 0x80}
	resultPINNotEntered        = resultBit{2, 0x08}
	resultOnlinePINEntered     = resultBit{2, 0x04}
	resultOverFloorLimit       = resultBit{3, 0x80}
	resultForcedOnline         = resultBit{3, 0x08}
	resultIssuerUnproven       = resultBit{4, 0x40}
	resultScriptBeforeFailed   = resultBit{4, 0x20}
	resultScriptAfterFailed    = resultBit{4, 0x10}
)

type resultBit struct {
	index int
	bit   byte
}

// Bits of the transaction status information (tag 9B). Source: EMV 4.3 Book 3, annex C6.
const (
	performedVerification   byte = 0x40
	performedCardRisk       byte = 0x20
	performedIssuerProof    byte = 0x10
	performedTerminalRisk   byte = 0x08
	performedScripts        byte = 0x04
	unpredictableBytes           = 4
	verificationResultBytes      = 5
)

// newSale gathers what is known before the terminal acts: card, tables, date.
func newSale(slot *insertion, c *chip, records []aidRecord, r request) *sale {
	s := &sale{slot: slot, chip: c, records: records, values: c.tags(slot.card)}
	unpredictable := make([]byte, unpredictableBytes)
	rand.Read(unpredictable) // crypto/rand never fails
	for tag, value := range map[uint32][]byte{
		tagVerificationResults: make([]byte, verificationResultBytes),
		tagStatusInformation:   make([]byte, 2),
		tagUnpredictable:       unpredictable,
		tagAmount:              make([]byte, 6),
		tagCashback:            make([]byte, 6),
		tagType:                {0x00},
		tagDate:                decodeHex(r.text(speDate)),
		tagTime:                decodeHex(r.text(speTime)),
		tagSerial:              []byte(serialNumber[len(serialNumber)-8:]),
	} {
		s.values[tag] = value
	}
	s.useRecord(records[0])
	s.set(resultNoDataAuthentication)
	if hex.EncodeToString(s.values[tagExpiry]) < r.text(speDate) {
		s.set(resultExpired)
	}
	s.useParameters(r)
	return s
}

// useRecord makes one acquirer's terminal data those of the sale.
func (s *sale) useRecord(record aidRecord) {
	for tag, value := range record.tags() {
		s.values[tag] = value
	}
}

// useParameters takes over what the till said of the sale.
func (s *sale) useParameters(r request) {
	for id, tag := range map[uint16]uint32{speAmount: tagAmount, speCashback: tagCashback} {
		if r.has(id) {
			s.values[tag] = decodeHex(r.text(id))
		}
	}
	if r.has(speCurrency) {
		s.values[tagCurrency] = decodeHex("0" + r.text(speCurrency))
	}
	if r.has(speType) {
		s.values[tagType] = slices.Clone(r.values[speType])
	}
}

// useTillObjects takes over the terminal's data objects that the till gives; those
// of a card are ignored, and one of another length than the table's is refused.
func (s *sale) useTillObjects(objects []object) error {
	for _, o := range objects {
		if !slices.Contains(tagsOfTill, o.tag) {
			continue
		}
		if len(o.value) != len(s.values[o.tag]) {
			return statusInvalidParm
		}
		s.values[o.tag] = slices.Clone(o.value)
	}
	return nil
}

func (s *sale) set(result resultBit) { s.values[tagVerificationResults][result.index] |= result.bit }

func (s *sale) performed(bit byte) { s.values[tagStatusInformation][0] |= bit }

// amountCents gives the amount of the sale; its tag holds 12 decimal digits.
func (s *sale) amountCents() uint64 {
	amount, err := strconv.ParseUint(hex.EncodeToString(s.values[tagAmount]), 10, 64)
	if err != nil {
		return 0 // SPE_AMOUNT is 12 digits, checked when it came
	}
	return amount
}

// terminalRisk compares the sale with the floor limit.
// Source: EMV 4.3 Book 3, 10.6.1.
func (s *sale) terminalRisk(r request) {
	limit := uint64(binary.BigEndian.Uint32(s.values[tagFloorLimit]))
	if given, ok := r.floorLimitCents(); ok {
		limit = given
	}
	if s.amountCents() >= limit {
		s.set(resultOverFloorLimit)
	}
	s.performed(performedTerminalRisk)
}

// denies says whether an action code of the table forbids to go online; a code that
// the record is too short for forbids nothing. Source: EMV 4.3 Book 3, 10.7.
func (s *sale) denies(actionCode recordField, record aidRecord) bool {
	if !actionCode.in(record.text) {
		return false
	}
	for i, code := range actionCode.bytes(record.text) {
		if code&s.values[tagVerificationResults][i] != 0 {
			return true
		}
	}
	return false
}

// emvData gives the objects of a tag list that the sale knows, less those that no
// till may have. More than fits one answer is statusOverflow.
func (s *sale) emvData(list []byte) ([]byte, error) {
	tags, err := parseTagList(list)
	if err != nil {
		return nil, errors.Join(err, statusInvalidParm)
	}
	var data []byte
	for _, tag := range tags {
		if value, ok := s.values[tag]; ok && !slices.Contains(tagsNeverGiven, tag) {
			data = appendObject(data, tag, value)
		}
	}
	if len(data) > dataMax {
		return nil, statusOverflow
	}
	return data, nil
}

// appendEMVData adds PP_EMVDATA when the till asked for tags.
func (s *sale) appendEMVData(fields []field, r request) ([]field, error) {
	list, asked := r.values[speTagList]
	if !asked {
		return fields, nil
	}
	data, err := s.emvData(list)
	if err != nil {
		return nil, err
	}
	return append(fields, field{ppEMVData, data}), nil
}

// saleAt gives the sale when it stands at step; otherwise the call is out of order.
func (d *device) saleAt(step saleStep) (*sale, error) {
	if d.sale == nil || d.sale.step != step {
		return nil, statusInvalidCall
	}
	return d.sale, nil
}

// getEMVData is GED. Source: ABECS 2.20, GED.
func (d *device) getEMVData(r request) ([][]byte, error) {
	if d.sale == nil {
		return nil, statusInvalidCall
	}
	data, err := d.sale.emvData(r.values[speTagList])
	if err != nil {
		return nil, err
	}
	return packFields([]field{{ppEMVData, data}})
}
