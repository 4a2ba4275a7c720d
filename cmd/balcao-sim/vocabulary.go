package main

import (
	"strings"

	"balcao/simulators/simstore"
)

// A word is one command of a simulator, as 'ctl help' explains it. What it does is
// the simulator's business.
type word struct{ usage, meaning string }

func (w word) name() string {
	name, _, _ := strings.Cut(w.usage, " ")
	return name
}

// vocabulary are the words of each simulator. They follow the simulator's name but
// for the direct ones, which everybody types all day.
var vocabulary = []struct {
	simulator string
	direct    []string
	words     []word
}{
	{simstore.Pinpad, []string{"card", "pin", "key", "display"}, pinpadWords},
	{simstore.Scanner, []string{"scan"}, scannerWords},
	{simstore.Printer, nil, printerWords},
	{simstore.Central, nil, centralWords},
	{simstore.PSP, nil, pspWords},
	{simstore.Mail, nil, mailWords},
}

var pinpadWords = []word{
	{"card insert NAME", "visa-debit, visa-credit, mastercard-credit, elo-debit, low-funds, expired, blocked, foreign, chip-error, voucher"},
	{"card tap NAME [TIMEOUT]", "contactless, contactless-small, phone, voucher… once the pinpad asks"},
	{"card swipe NAME [TIMEOUT]", "stripe-only, chip-error… once the pinpad asks"},
	{"fail-tap STATUS...", "the next taps fail with these codes of the standard"},
	{"card remove", "pull the card out, also in mid-sale"},
	{"pin DIGITS", "type the PIN, now or when it is asked for (1234 on all cards)"},
	{"key ok|cancel|clear|DIGITS", "press keys"},
	{"display", "what the display shows"},
	{"wait-display TEXT [TIMEOUT]", "wait until the display shows a text"},
	{"state", "everything about the pinpad, JSON"},
	{"unplug", "pull the cable"},
	{"plug", "put it back"},
	{"hold COMMAND", "keep the answer to a command back (GCX, GOX, FCX)"},
	{"wait-held COMMAND [TIMEOUT]", "wait until an answer is kept back"},
	{"release", "let the answer go"},
	{"garbage BYTES [SEED]", "noise on the line"},
	{"corrupt ANSWERS", "damage the next answers"},
	{"drop-ack [PACKETS]", "swallow acknowledgements"},
	{"slow DURATION|off", "answer late"},
	{"mute", "hear nothing and say nothing"},
	{"unmute", "be there again"},
}

var scannerWords = []word{
	{"scan CODE", "read a label"},
	{"scan-burst CODE...", "read several, sent in one breath"},
	{"cut CODE N", "only the first N characters arrive, and no suffix"},
	{"noise-in CODE [SEED]", "noise in the middle of a code"},
	{"garbage N [SEED]", "bytes of noise"},
	{"suffix cr|lf|crlf|tab|etx|none", "what it sends after a code"},
	{"prefix none|stx|aim|stx+aim", "what it sends before a code"},
	{"speed BYTES_PER_SECOND|off", "a slow line"},
	{"off", "switch the scanner off"},
	{"on", "switch it on"},
	{"unplug", "pull the cable"},
	{"plug", "put it back"},
	{"beep", "how often it has beeped"},
	{"state", "everything about the scanner, JSON"},
}

var printerWords = []word{
	{"paper-out [after N lines]", "the roll ends, now or N lines on"},
	{"paper-in", "a new roll"},
	{"near-end", "little paper left"},
	{"cover-open", "open the cover"},
	{"cover-close", "close it"},
	{"drawer-close", "push the drawer in"},
	{"jam [at-cut]", "the knife sticks, now or at the next cut"},
	{"fix", "free the knife"},
	{"off", "switch the printer off"},
	{"on", "switch it on"},
	{"unplug", "pull the cable"},
	{"plug", "put it back"},
	{"hold", "take no bytes, as with a full buffer"},
	{"release", "take bytes again"},
	{"slow BYTES_PER_SECOND|off", "a slow line"},
	{"wait-cut [TIMEOUT [after COUNT]]", "wait for a paper; answers its path"},
	{"count", "papers since the printer was started"},
	{"last", "path of the last paper"},
	{"state", "everything about the printer, JSON"},
}

var centralWords = []word{
	{"up", "end an outage"},
	{"down [DURATION]", "close every connection"},
	{"unavailable [DURATION]", "answer 503"},
	{"half-open [DURATION]", "let connections stand open and say nothing"},
	{"wrong-cert [DURATION]", "show a stranger's certificate"},
	{"portal [DURATION]", "answer every call with a page, as a captive portal does"},
	{"clock +DURATION|-DURATION|off", "tell a wrong time"},
	{"next OPERATION KIND [DURATION]", "one fault at the next call: down, lost-request, error, rate-limited, html, slow, twice, lost-answer, reset, half, gateway, unauthorised, conflict, half-open, wrong-cert, late, duplicate, skew"},
	{"faults SEED [RATE_PPM]|off|log", "random faults on every operation, the same for the same seed"},
	{"cents on|off", "the cents of an amount pick the answer: ,51 no funds, ,05 refused, ,91 bank away"},
	{"slow DURATION|off", "wait before looking at a call"},
	{"lose-answer OPERATION [COUNT]", "do what is asked and never answer (payment-put, confirm, reverse…)"},
	{"hold OPERATION before|after", "keep calls waiting, before or after they are done"},
	{"wait-held OPERATION [TIMEOUT]", "wait until a call is kept waiting"},
	{"release [OPERATION]", "let calls go"},
	{"revoke TERMINAL", "its certificate is good no more (T-0003)"},
	{"reinstate TERMINAL", "it is good again"},
	{"status", "what there is and what wants looking at"},
	{"pix pay|pay-late|pay-unseen|notice|expire PAYMENT [ACCOUNT]", "be the payer of a charge: in time, too late, unheard of till notice; or let it expire"},
	{"refunds slow|at-once", "whether refunds wait for the next word"},
	{"refund REFUND succeeded|failed", "end a refund that is under way"},
	{"credit TAX-ID CENTS [STORE]", "give a customer store credit"},
	{"settle FILE DATE [without=ID] [twice=ID] [cents=ID:CENTS]", "write the acquirer's CSV of a day, perhaps with faults"},
	{"stats", "counts, JSON"},
	{"ledger", "accounts, payments and orders, JSON"},
	{"payment ID", "one payment, JSON"},
	{"log [N]", "the last requests, JSON"},
	{"public-key", "of the countersignature"},
}

var pspWords = []word{
	{"pay TXID|CODE|last [AMOUNT]", "the customer pays; answers the endToEndId"},
	{"list", "all charges, a line each"},
	{"expire TXID|last", "its time is over"},
	{"remove TXID|last", "the bank itself removes it"},
	{"refunds hold|go", "keep refunds in processing, or let them settle when they are asked about"},
	{"settle ENDTOENDID ID", "the refund arrives"},
	{"fail ENDTOENDID ID [REASON]", "the refund does not"},
	{"age ENDTOENDID DAYS", "the payment is so much older"},
	{"up", "end an outage"},
	{"down [DURATION]", "close every connection"},
	{"slow DURATION|off", "wait before looking at a call"},
	{"next OPERATION KIND [DURATION]", "one fault at the next call: lost-request, error, unavailable, rate-limited, html, slow, twice, lost-answer, reset, half, gateway, pay-first, pay-after"},
	{"faults SEED [RATE_PPM]|off", "random faults on every operation, the same for the same seed"},
	{"hold OPERATION before|after", "keep calls waiting, before or after they are done"},
	{"wait-held OPERATION [TIMEOUT]", "wait until a call is kept waiting"},
	{"release [OPERATION]", "let calls go"},
	{"forget-tokens", "none given so far is good any more"},
	{"stats", "tokens given"},
}

var mailWords = []word{
	{"list", "all mails and messages that were taken, a line each"},
	{"show N", "one of them, its bytes as they came"},
	{"entries", "all of them, JSON"},
	{"wait COUNT [TIMEOUT]", "wait until so many were taken"},
	{"next KIND [DURATION]", "one fault at the next mail: 421, 450, 550, 552, slow, drop, lost-answer, half-open"},
	{"next-message KIND [DURATION]", "one fault at the next message: 400, 410, 429, 500, 503, redirect, slow, drop, lost-answer, half-open"},
	{"faults SEED [RATE_PPM]|off", "random faults that pass, the same for the same seed"},
}
