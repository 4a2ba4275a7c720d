package issuer

import (
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"balcao/simulators/hsm"
	"balcao/sync/wire"
)

// wrongPINsMax is how many wrong PINs in a row block a card, as banks in Brazil do.
const wrongPINsMax = 3

// seenMax is how many transaction counters of a card are remembered to find a replay.
const seenMax = 256

// currency is the only one of the accounts; currencyTag its value in tag 5F2A (ISO 4217: 986).
const (
	currency    = "BRL"
	currencyTag = "0986"
)

// A CardState is what changes about a card and lasts. The zero value is a new card.
type CardState struct {
	WrongPINs int      `json:"wrong_pins,omitempty"`
	Seen      []uint16 `json:"seen,omitempty"` // transaction counters of genuine cryptograms
}

// PINBlocked says that the card has used up its tries.
func (s CardState) PINBlocked() bool { return s.WrongPINs >= wrongPINsMax }

// A Decision is the answer of the bank. State is what the caller stores when Account
// is not empty, whether the answer is yes or no.
type Decision struct {
	Account      string // name; empty when no account was found
	Approved     bool
	Reached      bool   // false: the issuer gave no answer, and the card is told so
	ResponseCode string // 2 digits, 00 when approved
	Decline      *wire.Decline
	Checks       []wire.PaymentCheck
	Issuer       *wire.IssuerAnswer // nil when no card waits for an answer
	State        CardState
}

// A Book tells what the bank's caller keeps of an account.
type Book interface {
	// AvailableCents is what the account may spend now.
	AvailableCents(account Account) int64
	// CardState is the state last stored, or the zero value.
	CardState(name string) CardState
}

// A Bank knows its accounts and keys. It is safe for use by several goroutines.
type Bank struct {
	accounts map[string]Account // by PAN
	keys     *hsm.HostKeys
	cents    atomic.Bool // see [Bank.PickByCents]
}

// NewBank checks the accounts and names the wrong ones.
func NewBank(accounts []Account, keys *hsm.HostKeys) (*Bank, error) {
	bank := &Bank{accounts: map[string]Account{}, keys: keys}
	names := map[string]bool{}
	var wrong []error
	for i, account := range accounts {
		if err := account.validate(); err != nil {
			wrong = append(wrong, fmt.Errorf("account %d (%s): %w", i+1, account.Name, err))
		}
		if names[account.Name] || bank.accounts[account.PAN].Name != "" {
			wrong = append(wrong, fmt.Errorf("account %d (%s): name or pan is another's", i+1, account.Name))
		}
		names[account.Name] = true
		bank.accounts[account.PAN] = account
	}
	return bank, errors.Join(wrong...)
}

// Accounts lists all accounts by name.
func (b *Bank) Accounts() []Account {
	accounts := make([]Account, 0, len(b.accounts))
	for _, account := range b.accounts {
		accounts = append(accounts, account)
	}
	slices.SortFunc(accounts, func(x, y Account) int { return strings.Compare(x.Name, y.Name) })
	return accounts
}

// An examination is one request on its way through the checks.
type examination struct {
	bank     *Bank
	book     Book
	request  *wire.PaymentRequest
	now      time.Time
	card     card
	account  Account
	tags     Tags
	session  hsm.Key
	genuine  bool // the cryptogram verified, so the card can be answered
	decision *Decision
}

// A verdict is how one check ended: a refusal, or nothing against it.
type verdict struct {
	refusal     *refusal
	unavailable bool // there was nothing to check
}

// Decide runs the checks in order and stops at the first refusal. request must be of a
// card; now is the clock of the bank.
func (b *Bank) Decide(request *wire.PaymentRequest, now time.Time, book Book) Decision {
	decision := Decision{Reached: true}
	exam := &examination{bank: b, book: book, request: request, now: now, decision: &decision}
	refused := exam.run()
	if refused == nil && b.cents.Load() {
		refused = exam.pickByCents()
	}
	decision.Approved = refused == nil
	decision.ResponseCode = approvedResponse
	if refused != nil {
		decision.ResponseCode = refused.response
		decision.Decline = &wire.Decline{Code: new(refused.code), Retry: new(refused.retry)}
	}
	decision.Issuer = exam.issuerAnswer()
	return decision
}

func (e *examination) run() *refusal {
	steps := []struct {
		name  wire.PaymentChecksName
		check func() verdict
	}{
		{wire.PaymentChecksNameData, e.checkData},
		{wire.PaymentChecksNameValidity, e.checkValidity},
		{wire.PaymentChecksNameAuthenticity, e.checkAuthenticity},
		{wire.PaymentChecksNameFunds, e.checkFunds},
		{wire.PaymentChecksNameDuplicate, e.checkDuplicate},
	}
	for _, step := range steps {
		got := step.check()
		result := wire.PaymentChecksResultPass
		switch {
		case got.refusal != nil:
			result = wire.PaymentChecksResultFail
		case got.unavailable:
			result = wire.PaymentChecksResultUnavailable
		}
		e.decision.Checks = append(e.decision.Checks, wire.PaymentCheck{Name: step.name, Result: result})
		if got.refusal != nil {
			return got.refusal
		}
	}
	return nil
}

// checkData opens the card, finds its account and compares what was sent in clear.
func (e *examination) checkData() verdict {
	if e.request.Card == nil || e.request.Card.Encrypted == nil {
		return refuse(formatError)
	}
	opened, err := openCard(e.bank.keys, *e.request.Card.Encrypted)
	if err != nil {
		return refuse(formatError)
	}
	account, known := e.bank.accounts[opened.pan]
	if !CheckDigitFits(opened.pan) || !known {
		return refuse(invalidCard)
	}
	e.card, e.account = opened, account
	e.decision.Account, e.decision.State = account.Name, e.book.CardState(account.Name)
	if opened.pan[:6] != e.request.Card.Bin || opened.pan[len(opened.pan)-4:] != e.request.Card.Last4 {
		return refuse(invalidCard)
	}
	if opened.expiry != "" && opened.expiry != account.Expiry {
		return refuse(invalidCard)
	}
	return e.checkTags()
}

// checkTags reads the tags of a chip, which must tell the same amount as the request.
func (e *examination) checkTags() verdict {
	if !e.hasChip() {
		return verdict{}
	}
	if e.request.Card.EMVRequest == nil {
		return refuse(formatError)
	}
	tags, err := ParseTags(*e.request.Card.EMVRequest)
	if err != nil {
		return refuse(formatError)
	}
	e.tags = tags
	amount := hex.EncodeToString(tags[tagAmount])
	if amount != fmt.Sprintf("%012d", e.request.Amount.Amount) || hex.EncodeToString(tags[tagCurrency]) != currencyTag {
		return refuse(invalidAmount)
	}
	return verdict{}
}

func (e *examination) hasChip() bool {
	mode := e.request.Card.EntryMode
	return mode == wire.CardPresentEntryModeChip || mode == wire.CardPresentEntryModeContactless
}

// checkValidity is about the card and the amount, whoever holds the card.
func (e *examination) checkValidity() verdict {
	end, err := endOfLife(e.account.Expiry, e.now.Location())
	cents := e.request.Amount.Amount
	switch {
	case e.account.State == Lost:
		return refuse(lostCard)
	case e.account.State == Blocked:
		return refuse(notPermitted)
	case err != nil || !e.now.Before(end):
		return refuse(expiredCard)
	case e.request.Amount.Currency != currency || string(e.request.Method) != e.account.Kind:
		return refuse(notPermitted)
	case cents <= 0:
		return refuse(invalidAmount)
	case e.account.Kind != Credit && e.account.LimitCents > 0 && cents > e.account.LimitCents:
		return refuse(limitExceeded)
	}
	return verdict{}
}

// checkAuthenticity is about who made the cryptogram and who entered the PIN.
func (e *examination) checkAuthenticity() verdict {
	if e.decision.State.PINBlocked() {
		return refuse(pinTriesExceeded)
	}
	if e.hasChip() && !e.verifyCryptogram() {
		return refuse(suspectedFraud)
	}
	block, sent := findPINBlock(*e.request.Card.Encrypted)
	if !sent {
		return verdict{unavailable: !e.hasChip()}
	}
	pin, err := openPIN(e.bank.keys, block, e.card.pan)
	if err != nil {
		return refuse(formatError)
	}
	if pin != e.account.PIN {
		e.decision.State.WrongPINs++
		if e.decision.State.PINBlocked() {
			return refuse(pinTriesExceeded)
		}
		return refuse(wrongPIN)
	}
	e.decision.State.WrongPINs = 0
	return verdict{}
}

// verifyCryptogram derives the card's key from its issuer's and checks tag 9F26.
func (e *examination) verifyCryptogram() bool {
	session, err := e.bank.sessionKey(e.account, e.request.Card.PANSequenceNumber, e.tags)
	if err != nil {
		return false
	}
	genuine, err := hsm.VerifyCryptogram(session, e.tags.value, e.tags[tagCryptogram])
	e.session, e.genuine = session, genuine && err == nil
	return e.genuine
}

// sequence is the card's sequence number: as its chip told it, else as the reader
// did, else as the bank knows it.
func sequence(tags Tags, told *string, account Account) string {
	if value := tags[tagPANSequence]; len(value) == 1 {
		return hex.EncodeToString(value)
	}
	if told != nil {
		return *told
	}
	return account.PSN
}

func (b *Bank) sessionKey(account Account, told *string, tags Tags) (hsm.Key, error) {
	issuerKey, err := b.keys.IssuerMasterKey(account.PAN)
	if err != nil {
		return hsm.Key{}, err
	}
	icc, err := hsm.DeriveICCMasterKey(issuerKey, account.PAN, sequence(tags, told, account))
	if err != nil {
		return hsm.Key{}, err
	}
	if len(tags[tagATC]) != 2 {
		return hsm.Key{}, errTLV
	}
	return hsm.DeriveSessionKey(icc, binary.BigEndian.Uint16(tags[tagATC])), nil
}

func (e *examination) checkFunds() verdict {
	if e.request.Amount.Amount > e.book.AvailableCents(e.account) {
		return refuse(insufficientFunds)
	}
	return verdict{}
}

// checkDuplicate finds a cryptogram that was answered before: the same counter again.
func (e *examination) checkDuplicate() verdict {
	if !e.hasChip() {
		return verdict{unavailable: true}
	}
	counter := binary.BigEndian.Uint16(e.tags[tagATC])
	if slices.Contains(e.decision.State.Seen, counter) {
		return refuse(duplicate)
	}
	seen := append(slices.Clone(e.decision.State.Seen), counter)
	e.decision.State.Seen = seen[max(0, len(seen)-seenMax):]
	return verdict{}
}

// issuerAnswer is what the card gets: the response code, and the proof that its own
// issuer gave it. A card whose cryptogram did not verify gets no proof.
func (e *examination) issuerAnswer() *wire.IssuerAnswer {
	if e.request.Card == nil || !e.hasChip() || !e.decision.Reached {
		return nil
	}
	answer := &wire.IssuerAnswer{Arc: new(e.decision.ResponseCode)}
	if !e.genuine || len(e.tags[tagCryptogram]) != hsm.BlockSize {
		return answer
	}
	data, err := hsm.IssuerAuthenticationData(e.session, hsm.Block(e.tags[tagCryptogram]), e.decision.ResponseCode)
	if err == nil {
		answer.AuthenticationData = new(fmt.Sprintf("91%02X%X", len(data), data))
	}
	return answer
}

// VerifyCompletion checks the card's final cryptogram (tag 9F26 of the completion)
// over the tags of the request with those of the completion laid over them. told is
// the sequence number that the reader sent beside the tags, nil for none.
func (b *Bank) VerifyCompletion(name string, told *string, request, completion string) (bool, error) {
	tags, err := ParseTags(request)
	if err != nil {
		return false, fmt.Errorf("verify completion: request: %w", err)
	}
	after, err := ParseTags(completion)
	if err != nil {
		return false, fmt.Errorf("verify completion: %w", err)
	}
	maps.Copy(tags, after)
	account, err := b.byName(name)
	if err != nil {
		return false, fmt.Errorf("verify completion: %w", err)
	}
	session, err := b.sessionKey(account, told, tags)
	if err != nil {
		return false, fmt.Errorf("verify completion: %w", err)
	}
	return hsm.VerifyCryptogram(session, tags.value, after[tagCryptogram])
}

func (b *Bank) byName(name string) (Account, error) {
	for _, account := range b.accounts {
		if account.Name == name {
			return account, nil
		}
	}
	return Account{}, fmt.Errorf("no account %q", name)
}
