package simpsp

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// Status values. Source: API Pix 2.9.0, schemas CobStatus and DevolucaoStatus.
const (
	active          = "ATIVA"
	done            = "CONCLUIDA"
	removedByUs     = "REMOVIDA_PELO_USUARIO_RECEBEDOR"
	removedByBank   = "REMOVIDA_PELO_PSP"
	inProcess       = "EM_PROCESSAMENTO"
	returned        = "DEVOLVIDO"
	notDone         = "NAO_REALIZADO"
	refundWindow    = 90 * 24 * time.Hour
	expiresDefault  = 86400 // seconds; schema CobExpiracao
	minuteForm      = "200601021504"
	sequenceDigits  = 11
	sequenceInBase  = 36
	millisecondForm = "2006-01-02T15:04:05.000Z07:00"
)

// A revision is what a charge says; each change makes another.
type revision struct {
	Seconds   int64           `json:"seconds"` // of life
	Cents     int64           `json:"cents"`
	Alterable int             `json:"alterable,omitempty"` // the payer may change the amount
	Debtor    json.RawMessage `json:"debtor,omitempty"`
	Note      string          `json:"note,omitempty"`
	Info      json.RawMessage `json:"info,omitempty"`
}

// A chargeRow is one charge with all its revisions, the newest last.
type chargeRow struct {
	TxID      string     `json:"txid"`
	Status    string     `json:"status"`
	Created   time.Time  `json:"created"`
	LocID     int        `json:"loc_id"`
	Location  string     `json:"location"`
	Token     string     `json:"token"` // the end of the location
	Code      string     `json:"code"`
	Revisions []revision `json:"revisions"`
	Removals  int        `json:"removals,omitempty"` // changes of status that made a revision
}

func (r chargeRow) current() revision { return r.Revisions[len(r.Revisions)-1] }

func (r chargeRow) number() int { return len(r.Revisions) - 1 + r.Removals }

func (r chargeRow) expires() time.Time {
	return r.Created.Add(time.Duration(r.current().Seconds) * time.Second)
}

// A paymentRow is one Pix that arrived.
type paymentRow struct {
	EndToEndID string    `json:"e2eid"`
	TxID       string    `json:"txid"`
	Cents      int64     `json:"cents"`
	At         time.Time `json:"at"`
	Refunds    []string  `json:"refunds,omitempty"` // keys of refunds, in order
}

// A refundRow is one refund of a payment.
type refundRow struct {
	ID         string    `json:"id"`
	EndToEndID string    `json:"e2eid"`
	ReturnID   string    `json:"rtrid"`
	Cents      int64     `json:"cents"`
	Note       string    `json:"note,omitempty"`
	Status     string    `json:"status"`
	Reason     string    `json:"reason,omitempty"`
	Asked      time.Time `json:"asked"`
	Settled    time.Time `json:"settled,omitzero"`
}

// A state is the bank's books.
type state struct {
	journal  *journal
	charges  *table[chargeRow]
	payments *table[paymentRow] // by endToEndId
	refunds  *table[refundRow]  // by endToEndId and id
	counters *table[int]
	byToken  map[string]string // txid by the end of its location
	byCharge map[string]string // endToEndId by txid
}

func openState(dir string) (*state, error) {
	j := newJournal()
	s := &state{
		journal: j, charges: newTable[chargeRow](j, "charges"), payments: newTable[paymentRow](j, "payments"),
		refunds: newTable[refundRow](j, "refunds"), counters: newTable[int](j, "counters"),
		byToken: map[string]string{}, byCharge: map[string]string{},
	}
	if err := j.open(dir); err != nil {
		return nil, err
	}
	for _, row := range s.charges.rows {
		s.byToken[row.Token] = row.TxID
	}
	for _, row := range s.payments.rows {
		s.byCharge[row.TxID] = row.EndToEndID
	}
	return s, nil
}

// next counts, over restarts.
func (s *state) next(counter string) int {
	number, _ := s.counters.get(counter)
	s.counters.put(counter, number+1)
	return number + 1
}

// bankID makes an id between banks: a letter, who began it, the minute, a number.
func (s *state) bankID(letter, bank string, at time.Time) string {
	number := strconv.FormatInt(int64(s.next("bank id")), sequenceInBase)
	return letter + bank + at.UTC().Format(minuteForm) + strings.Repeat("0", sequenceDigits-len(number)) + number
}

func refundKey(endToEndID, id string) string { return endToEndID + "/" + id }

// asAmount writes cents in the API's one form.
func asAmount(cents int64) string { return fmt.Sprintf("%d.%02d", cents/100, cents%100) }

func asTime(at time.Time) string { return at.UTC().Format(millisecondForm) }
