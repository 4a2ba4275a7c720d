package simcentral

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"balcao/simulators/simcentral/issuer"
	"balcao/simulators/simcentral/ledger"
	"balcao/sync/wire"
)

// A factRef names a fact of a till's journal; the till is known beside it.
type factRef struct {
	Epoch string `json:"epoch"`
	Seq   int64  `json:"seq"`
}

// A sessionRow is a till's session as it was last told.
type sessionRow struct {
	TerminalID string              `json:"terminal_id"`
	StoreID    string              `json:"store_id"`
	Request    wire.SessionRequest `json:"request"`
	Settled    bool                `json:"settled,omitempty"` // the drawer is booked out
	UpdatedAt  time.Time           `json:"updated_at"`
}

func (r sessionRow) training() bool { return r.Request.Training != nil && *r.Request.Training }

// An orderRow is one order. Body is the request that made it.
type orderRow struct {
	ID            string           `json:"id"`
	TerminalID    string           `json:"terminal_id"`
	StoreID       string           `json:"store_id"`
	Number        string           `json:"number"`
	Body          json.RawMessage  `json:"body"`
	Hash          string           `json:"hash"`
	Status        wire.OrderStatus `json:"status"`
	BeforeBlock   wire.OrderStatus `json:"before_block,omitempty"`
	Version       int64            `json:"version"`
	ClaimedBy     string           `json:"claimed_by,omitempty"`
	BlockedReason string           `json:"blocked_reason,omitempty"`
	DeliveredAt   *time.Time       `json:"delivered_at,omitempty"`
	UpdatedAt     time.Time        `json:"updated_at"`
}

// A happening is one step in the life of a payment, for people who look.
type happening struct {
	At   time.Time `json:"at"`
	What string    `json:"what"`
}

// A paymentRow is one payment, or the tombstone of one that never came.
type paymentRow struct {
	ID         string               `json:"id"`
	TerminalID string               `json:"terminal_id"`
	StoreID    string               `json:"store_id"`
	Request    wire.PaymentRequest  `json:"request"` // without ciphertext
	Hash       string               `json:"hash,omitempty"`
	Tombstone  bool                 `json:"tombstone,omitempty"`
	Status     wire.PaymentStatus   `json:"status"`
	Account    string               `json:"account,omitempty"` // where the money comes from
	Confirmed  bool                 `json:"confirmed,omitempty"`
	CapturedBy *factRef             `json:"captured_by,omitempty"` // the fact that made it final
	UndoneBy   *factRef             `json:"undone_by,omitempty"`   // the fact that took it back
	Checks     []wire.PaymentCheck  `json:"checks,omitempty"`
	Decline    *wire.Decline        `json:"decline,omitempty"`
	Result     *wire.PaymentResult  `json:"result,omitempty"`
	Card       *wire.CardCompletion `json:"card,omitempty"`
	Taken      *int64               `json:"taken,omitempty"`     // cents captured in steps; nil for all or nothing
	Refunded   int64                `json:"refunded,omitempty"`  // cents that went back or are on their way
	Processed  bool                 `json:"processed,omitempty"` // reconciled and committed
	Pix        *pixCharge           `json:"pix,omitempty"`
	History    []happening          `json:"history"`
	UpdatedAt  time.Time            `json:"updated_at"`
}

func (p *paymentRow) happened(at time.Time, what string) {
	p.History = append(slices.Clone(p.History), happening{at, what})
	p.UpdatedAt = at
}

// An answerRow is what a call with an Idempotency-Key, or a batch, was answered.
type answerRow struct {
	Hash   string          `json:"hash"`
	Status int             `json:"status"`
	Body   json.RawMessage `json:"body"`
}

// A streamRow is how far central has the facts of one epoch of one terminal.
type streamRow struct {
	TerminalID string `json:"terminal_id"`
	Training   bool   `json:"training,omitempty"`
	FirstSeq   int64  `json:"first_seq"`
	AckedSeq   int64  `json:"acked_seq"`
	LastHash   string `json:"last_hash"`
}

// A recordRow is one fact as it came, also of a kind that nobody here knows.
type recordRow struct {
	ID     string                        `json:"id"`
	LiveID string                        `json:"live_id,omitempty"` // of its live call, where that is another
	Kind   string                        `json:"kind"`
	Hash   string                        `json:"hash"`
	Result wire.BatchResultResultsResult `json:"result"`
	Code   string                        `json:"code,omitempty"` // why it was rejected
	Raw    json.RawMessage               `json:"raw"`
}

// liveID is the id under which a live call would tell this fact.
func (r recordRow) liveID() string {
	if r.LiveID != "" {
		return r.LiveID
	}
	return r.ID
}

// A reportRow is a report as it came, byte for byte.
type reportRow struct {
	TerminalID string                   `json:"terminal_id"`
	StoreID    string                   `json:"store_id"`
	Kind       wire.ReportKind          `json:"kind"`
	SessionID  string                   `json:"session_id,omitempty"`
	Body       []byte                   `json:"body"`
	Hash       string                   `json:"hash"`
	Status     wire.ReportReceiptStatus `json:"status"`
}

// A dayRow is a fact of the trading day that is neither order nor payment.
type dayRow struct {
	TerminalID string  `json:"terminal_id"`
	StoreID    string  `json:"store_id"`
	SessionID  string  `json:"session_id,omitempty"`
	Fact       factRef `json:"fact"`
	Kind       string  `json:"kind"`
	What       string  `json:"what,omitempty"` // type of a cash movement, cause of a drawer's opening
	Cents      int64   `json:"cents"`
	Training   bool    `json:"training,omitempty"`
}

// An overrideRow is a permission that a second person gave once.
type overrideRow struct {
	Cents     *int64     `json:"cents,omitempty"` // nil for any
	ExpiresAt *time.Time `json:"expires_at,omitempty"`
	UsedBy    string     `json:"used_by,omitempty"` // record
}

// A claimRow is the fact that a live call told, ahead of the stream.
type claimRow struct {
	ID string `json:"id"`
}

// state is all that lasts.
type state struct {
	journal  *journal
	sessions *table[sessionRow]
	orders   *table[orderRow]
	payments *table[paymentRow]
	answers  *table[answerRow]
	claims   *table[claimRow]
	streams  *table[streamRow]
	records  *table[recordRow]
	reports  *table[reportRow]
	day      *table[dayRow] // by terminal and record
	override *table[overrideRow]
	cards    *table[issuer.CardState]
	entries  *table[ledger.Entry]
	counters *table[int64]
	revoked  *table[bool]
	refunds  *table[refundRow]
	matches  *table[matchRow]
	pairings *table[pairingRow] // by digest of the code

	ledger  *ledger.Ledger
	byOrder map[string][]string // payments of an order
	live    map[string]int64    // highest seq told by a live call, by terminal and epoch
}

// join makes the key of a row out of its parts.
func join(parts ...string) string { return strings.Join(parts, "|") }

func openState(dir string, accounts []issuer.Account) (*state, error) {
	j := newJournal()
	s := &state{
		journal:  j,
		sessions: newTable[sessionRow](j, "session"),
		orders:   newTable[orderRow](j, "order"),
		payments: newTable[paymentRow](j, "payment"),
		answers:  newTable[answerRow](j, "answer"),
		claims:   newTable[claimRow](j, "claim"),
		streams:  newTable[streamRow](j, "stream"),
		records:  newTable[recordRow](j, "record"),
		reports:  newTable[reportRow](j, "report"),
		day:      newTable[dayRow](j, "day"),
		override: newTable[overrideRow](j, "override"),
		cards:    newTable[issuer.CardState](j, "card"),
		entries:  newTable[ledger.Entry](j, "entry"),
		counters: newTable[int64](j, "counter"),
		revoked:  newTable[bool](j, "revoked"),
		refunds:  newTable[refundRow](j, "refund"),
		matches:  newTable[matchRow](j, "match"),
		pairings: newTable[pairingRow](j, "pairing"),
		ledger:   ledger.New(),
		byOrder:  map[string][]string{},
		live:     map[string]int64{},
	}
	err := j.open(dir)
	if err == nil {
		err = s.rebuild()
	}
	if err == nil {
		err = s.openAccounts(accounts)
	}
	if err == nil {
		err = j.commit()
	}
	if err != nil {
		return nil, errors.Join(err, j.close())
	}
	return s, nil
}

// rebuild derives what is not stored from what is.
func (s *state) rebuild() error {
	for _, entry := range s.entries.rows {
		if err := s.ledger.Book(entry); err != nil {
			return err
		}
	}
	for _, row := range s.payments.rows {
		s.indexPayment(row)
	}
	for key := range s.claims.rows {
		at := strings.LastIndex(key, "|")
		seq, err := strconv.ParseInt(key[at+1:], 10, 64)
		if err != nil {
			return fmt.Errorf("claim %s: %w", key, err)
		}
		s.live[key[:at]] = max(s.live[key[:at]], seq)
	}
	return nil
}

// openAccounts books the first balance of every account that is new; a balance
// changed in the file later is not: the books of the earlier run hold.
func (s *state) openAccounts(accounts []issuer.Account) error {
	for _, account := range accounts {
		id := "opening:" + account.Name
		if s.ledger.Booked(id) {
			continue
		}
		if err := s.book(ledger.Move(id, "issuer:funding", customer(account.Name), account.BalanceCents)); err != nil {
			return err
		}
	}
	return nil
}

// book enters a booking into the ledger and the file.
func (s *state) book(entry ledger.Entry) error {
	if err := s.ledger.Book(entry); err != nil {
		return err
	}
	s.entries.put(entry.ID, entry)
	return nil
}

// next counts up one of the numbers that central gives.
func (s *state) next(counter string) int64 {
	value, _ := s.counters.get(counter)
	value++
	s.counters.put(counter, value)
	return value
}

func (s *state) putPayment(row paymentRow) {
	s.payments.put(row.ID, row)
	s.indexPayment(row)
}

func (s *state) indexPayment(row paymentRow) {
	if row.Request.OrderID == "" || slices.Contains(s.byOrder[row.Request.OrderID], row.ID) {
		return
	}
	ids := append(s.byOrder[row.Request.OrderID], row.ID)
	slices.Sort(ids)
	s.byOrder[row.Request.OrderID] = ids
}

// AvailableCents is what an account may spend: its balance, and for a credit card the
// credit line beyond it. It makes state the issuer's book.
func (s *state) AvailableCents(account issuer.Account) int64 {
	available := s.ledger.Balance(customer(account.Name))
	if account.Kind == issuer.Credit {
		available += account.LimitCents
	}
	return available
}

// CardState is the state of a card last stored.
func (s *state) CardState(name string) issuer.CardState {
	row, _ := s.cards.get(name)
	return row
}

// claim notes that a live call told the fact (terminal, epoch, seq) as id, and says
// whether the same fact was told with another id, by a live call or by the stream.
func (s *state) claim(terminal, epoch string, seq int64, id string) *wire.Problem {
	key := join(terminal, epoch, strconv.FormatInt(seq, 10))
	if known, ok := s.claims.get(key); ok && known.ID != id {
		return forkProblem(seq)
	}
	if record, ok := s.records.get(key); ok && liveKinds[record.Kind] && record.liveID() != id {
		return forkProblem(seq)
	}
	s.claims.put(key, claimRow{id})
	stream := join(terminal, epoch)
	s.live[stream] = max(s.live[stream], seq)
	return nil
}

func forkProblem(seq int64) *wire.Problem {
	return wire.NewProblem(wire.CodeForkDetected, fmt.Sprintf("fact %d of this epoch is known with another content", seq))
}

// The accounts of the ledger.
func customer(name string) string         { return "customer:" + name }
func holdOf(paymentID string) string      { return "hold:" + paymentID }
func merchant(storeID string) string      { return "merchant:" + storeID }
func safeOf(storeID string) string        { return "safe:" + storeID }      // where a drawer's float comes from and its cash goes
func outside(m wire.Method) string        { return "outside:" + string(m) } // who pays by what the till settled
func entryID(subject, step string) string { return subject + ":" + step }

// cashOf is the drawer of a till.
func cashOf(storeID, terminalID string) string { return "cash:" + storeID + ":" + terminalID }

// differenceOf is what was missing in a till's drawer when it was counted; below zero
// there was too much.
func differenceOf(storeID, terminalID string) string {
	return "difference:" + storeID + ":" + terminalID
}
