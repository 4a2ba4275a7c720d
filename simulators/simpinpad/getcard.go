package simpinpad

import (
	"slices"
	"strconv"
	"strings"
)

// cardTypeChip is PP_CARDTYPE of a contact chip. Source: ABECS 2.20, PP_CARDTYPE.
const cardTypeChip = "03"

// gcxHideAmount is the position in SPE_GCXOPT that keeps the amount off the prompt.
const gcxHideAmount = 2

// applicationsMax is how many table records PP_AIDTABINFO can name.
// Source: ABECS 2.20, PP_AIDTABINFO.
const applicationsMax = 20

// getCard is GCX: it waits for a chip card, chooses the application that card and
// tables have in common and reads it. Source: ABECS 2.20, GCX.
func (d *device) getCard(r request) ([][]byte, error) {
	d.sale, d.tracks = nil, nil
	if _, err := parseTagList(r.values[speTagList]); err != nil {
		return nil, statusInvalidParm
	}
	answer, err := d.readCard(r)
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
	slot := d.slot
	d.screen.show("PROCESSANDO...")
	choice, err := d.chooseApplication(slot, matchApplications(slot.card, d.memory.Tables.aidRecords(), r), r)
	if err != nil {
		return nil, err
	}
	label := choice.application.Label
	d.notify("SELECIONADO:", label)
	c, err := startChip(d.memory, slot.card, choice.application)
	if err != nil {
		return nil, err
	}
	d.sale = newSale(slot, c, choice.records, r)
	objects, err := parseObjects(r.values[speEMVData])
	if err != nil {
		return nil, statusInvalidParm
	}
	if err := d.sale.useTillObjects(objects); err != nil {
		return nil, err
	}
	d.tracks = &keptTracks{pan: slot.card.PAN, track2: slot.card.track2()}
	d.screen.rows("SELECIONADO:", label)
	return d.sale.cardAnswer(r)
}

// waitForCard asks for a card unless one is in already.
func (d *device) waitForCard(r request) error {
	if d.slot != nil {
		return nil
	}
	d.promptForCard(r)
	d.keypad.listen()
	defer d.keypad.ignore()
	limit, limited := r.timeout(0)
	cancelled := false
	err := d.waitForHolder(limit, limited, func() bool {
		cancelled = d.keypad.cancelled()
		return cancelled || d.slot != nil
	})
	if err == nil && cancelled {
		return statusCancel
	}
	return err
}

func (d *device) promptForCard(r request) {
	if r.has(speMessage) {
		d.screen.show(latin1Text(r.values[speMessage]))
		return
	}
	prompt := "INSIRA OU PASSE O CARTÃO"
	if amount := r.number(speAmount); amount > 0 && r.option(speGCXOptions, gcxHideAmount) == '0' {
		prompt = "VALOR: " + formatAmount(amount) + "\r" + prompt
	}
	d.screen.show(prompt)
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

// cardAnswer is the answer to GCX for a chip card. Source: ABECS 2.20, GCX, answer.
func (s *sale) cardAnswer(r request) ([][]byte, error) {
	card, mask := s.slot.card, r.text(spePANMask)
	var applications strings.Builder
	for _, record := range s.records {
		applications.WriteString(record.acquirer() + record.index() + record.appType())
	}
	fields, err := s.appendEMVData([]field{
		textField(ppCardType, cardTypeChip),
		textField(ppApplications, applications.String()),
		textField(ppPAN, maskDigits(card.PAN, mask)),
		textField(ppPANSequence, card.PSN),
		textField(ppTrack2Masked, maskedTrack2(card.track2(), mask)),
		textField(ppHolder, card.Holder),
		{ppLabel, latin1Bytes(s.chip.application.Label)},
		textField(ppIssuerCountry, s.chip.application.IssuerCountry),
		textField(ppExpiry, card.Expiry),
	}, r)
	if err != nil {
		return nil, err
	}
	return packFields(fields)
}
