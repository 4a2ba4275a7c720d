package simpinpad

import (
	"slices"
	"strconv"
	"strings"
	"time"
)

// Values of PP_CARDTYPE. Source: ABECS 2.20, PP_CARDTYPE.
const (
	cardTypeStripe            = "00"
	cardTypeChip              = "03"
	cardTypeContactlessStripe = "05"
	cardTypeContactless       = "06"
)

// Positions in SPE_GCXOPT. Source: ABECS 2.20, SPE_GCXOPT.
const (
	gcxContactless = 1
	gcxHideAmount  = 2
)

// applicationsMax is how many table records PP_AIDTABINFO can name.
// Source: ABECS 2.20, PP_AIDTABINFO.
const applicationsMax = 20

// getCard is GCX: it waits for a card, by chip, stripe or antenna, and reads it.
// Source: ABECS 2.20, GCX.
func (d *device) getCard(r request) ([][]byte, error) {
	d.sale, d.tracks = nil, nil
	if _, err := parseTagList(r.values[speTagList]); err != nil {
		return nil, statusInvalidParm
	}
	answer, err := d.readCard(r)
	d.chipStatus = d.chipStatus.after(err)
	if err != nil {
		d.sale, d.tracks = nil, nil
		d.screen.clear()
	}
	return answer, err
}

func (d *device) readCard(r request) ([][]byte, error) {
	if err := d.waitForCard(r); err != nil {
		return nil, err
	}
	shown := d.shown
	d.shown = nil
	switch {
	case d.slot != nil:
		return d.readChip(r)
	case shown.way == swiped:
		return d.readStripe(shown.card, r)
	}
	return d.readContactless(shown.card, r)
}

// waitForCard asks for a card unless one is in already.
func (d *device) waitForCard(r request) error {
	if d.slot != nil {
		return nil
	}
	antenna := d.contactlessOffered(r)
	d.promptForCard(r, antenna)
	d.keypad.listen()
	defer d.keypad.ignore()
	d.look(true, antenna)
	defer d.lookAway()
	otherwise := time.Duration(0)
	if antenna {
		otherwise = antennaTime
	}
	limit, limited := r.timeout(otherwise)
	cancelled := false
	err := d.waitForHolder(limit, limited, func() bool {
		cancelled = d.keypad.cancelled()
		return cancelled || d.slot != nil || d.seen()
	})
	if err == nil && cancelled {
		err = statusCancel
	}
	if err != nil {
		d.shown = nil
	}
	return err
}

func (d *device) promptForCard(r request, antenna bool) {
	if r.has(speMessage) {
		d.screen.show(latin1Text(r.values[speMessage]))
		return
	}
	prompt := "INSIRA OU PASSE O CARTÃO"
	if antenna {
		prompt = "APROXIME, INSIRA OU PASSE O CARTÃO"
	}
	if amount := r.number(speAmount); amount > 0 && r.option(speGCXOptions, gcxHideAmount) == '0' {
		prompt = "VALOR: " + formatAmount(amount) + "\r" + prompt
	}
	d.screen.show(prompt)
}

// readChip chooses the application that card and tables have in common and reads it.
func (d *device) readChip(r request) ([][]byte, error) {
	slot := d.slot
	d.screen.show("PROCESSANDO...")
	if len(slot.card.Applications) == 0 {
		return nil, statusChipMute
	}
	if failed := slot.card.ChipFault.at("GCX"); failed != statusOK {
		return nil, failed
	}
	choice, err := d.chooseApplication(slot, matchApplications(slot.card, d.memory.Tables.aidRecords(), r), r)
	if err != nil {
		return nil, err
	}
	if err := d.beginSale(slot, choice, r); err != nil {
		return nil, err
	}
	d.tracks = &keptTracks{pan: slot.card.PAN, givesPAN: true, track2: slot.card.track2()}
	return d.sale.cardAnswer(cardTypeChip, r)
}

// beginSale starts the transaction of the chosen application.
func (d *device) beginSale(slot *insertion, choice candidate, r request) error {
	label := choice.application.Label
	d.notify("SELECIONADO:", label)
	objects, err := parseObjects(r.values[speEMVData])
	if err != nil {
		return statusInvalidParm
	}
	c, err := startChip(d.memory, slot.card, choice.application)
	if err != nil {
		return err
	}
	d.sale = newSale(slot, c, choice.records, r)
	d.screen.rows("SELECIONADO:", label)
	return d.sale.useTillObjects(objects)
}

// A candidate is an application of the card with the records that mean it.
type candidate struct {
	application Application
	records     []aidRecord
}

// matchApplications gives what card and tables have in common, in the card's order.
// Source: ABECS 2.20, GCX, choice of records; EMV 4.3 Book 1, 12.3.
func matchApplications(card *Card, records []aidRecord, r request) (candidates []candidate) {
	for _, application := range card.Applications {
		var matching []aidRecord
		for _, record := range records {
			if record.chip() && record.matches(application.AID) && wanted(record, r) {
				matching = append(matching, record)
			}
		}
		if len(matching) > 0 {
			if application.Label == "" {
				application.Label = strings.TrimSpace(latin1Text([]byte(fieldLabel.text(matching[0].text))))
			}
			candidates = append(candidates, candidate{application, matching[:min(len(matching), applicationsMax)]})
		}
	}
	return candidates
}

// wanted says whether the till lets a record take part: by SPE_AIDLIST, or else by
// acquirer and application type.
func wanted(record aidRecord, r request) bool {
	if list, ok := r.values[speAIDList]; ok {
		return slices.Contains(chunks(string(list), 4), record.acquirer()+record.index())
	}
	if r.has(speAcquirer) && r.text(speAcquirer) != commonAcquirer && r.text(speAcquirer) != record.acquirer() {
		return false
	}
	return !r.has(speAppTypes) || slices.Contains(chunks(r.text(speAppTypes), 2), record.appType())
}

func chunks(text string, length int) (parts []string) {
	for ; len(text) >= length; text = text[length:] {
		parts = append(parts, text[:length])
	}
	return parts
}

// choicesMax is how many applications the menu can number with one digit.
const choicesMax = 9

// chooseApplication takes the only candidate, or lets the card holder choose by
// number. None is statusNoApplication.
func (d *device) chooseApplication(slot *insertion, candidates []candidate, r request) (candidate, error) {
	switch len(candidates) {
	case 0:
		return candidate{}, statusNoApplication
	case 1:
		return candidates[0], nil
	}
	lines := []string{"SELECIONE:"}
	for i, c := range candidates[:min(len(candidates), choicesMax)] {
		lines = append(lines, strconv.Itoa(i+1)+"."+c.application.Label)
	}
	d.screen.rows(lines...)
	d.keypad.listen()
	defer d.keypad.ignore()
	limit, limited := r.timeout(0)
	for {
		pressed, err := d.waitForKey(slot, limit, limited)
		if err != nil {
			return candidate{}, err
		}
		if at := int(pressed - '1'); pressed.digit() && at >= 0 && at < len(lines)-1 {
			return candidates[at], nil
		}
	}
}

// cardAnswer is the answer to GCX for a card that has an application: of its tracks an
// emulated stripe gives both, a chip the second. Source: ABECS 2.20, GCX, answer.
func (s *sale) cardAnswer(cardType string, r request) ([][]byte, error) {
	card, mask := s.slot.card, r.text(spePANMask)
	var applications strings.Builder
	for _, record := range s.records {
		applications.WriteString(record.acquirer() + record.index() + record.appType())
	}
	fields := []field{textField(ppCardType, cardType), textField(ppApplications, applications.String())}
	if cardType == cardTypeContactlessStripe {
		fields = append(fields, textField(ppTrack1Masked, maskedTrack1(card.track1(), mask)))
	} else {
		fields = append(fields,
			textField(ppPAN, maskDigits(card.PAN, mask)),
			textField(ppPANSequence, card.PSN),
			textField(ppIssuerCountry, s.chip.application.IssuerCountry),
			textField(ppExpiry, card.Expiry))
	}
	if cardType == cardTypeChip {
		fields = append(fields, textField(ppHolder, card.Holder)) // no name goes over the air
	} else {
		fields = append(fields, textField(ppDeviceType, card.Contactless.Form))
	}
	fields, err := s.appendEMVData(append(fields,
		textField(ppTrack2Masked, maskedTrack2(card.track2(), mask)),
		field{ppLabel, latin1Bytes(s.chip.application.Label)},
	), r)
	if err != nil {
		return nil, err
	}
	return packFields(fields)
}
