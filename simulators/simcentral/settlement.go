package simcentral

import (
	"bytes"
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"balcao/sync/wire"
)

// feesPPM are what the acquirer keeps, in millionths of the amount: about what shops
// in Brazil pay.
var feesPPM = map[wire.Method]int64{
	wire.MethodDebit: 13_700, wire.MethodCredit: 29_900, wire.MethodVoucher: 35_000, wire.MethodPix: 9_900,
}

// settlementColumns are the file's first line. Cents are signed: what goes back is
// below zero. The last line is of the type total, with the number of lines before it.
var settlementColumns = []string{
	"type", "store_id", "terminal_id", "business_date", "payment_id", "refund_id", "nsu", "acquirer_nsu", "authorisation_code",
	"end_to_end_id", "method", "brand", "last4", "installments", "installment_by", "gross_cents", "fee_cents", "net_cents", "lines",
}

// A settledLine is one transaction as the acquirer tells it.
type settledLine struct {
	kind      string // sale, refund, or late: a Pix that came for a charge that was over
	payment   paymentRow
	refundID  string
	terminal  string
	reference string // return id of a Pix refund
	cents     int64
}

// commandSettle writes the acquirer's file of a business date. It may be made wrong on
// purpose, since an acquirer's sometimes is.
func (s *Server) commandSettle(_ context.Context, args []string) (string, error) {
	if len(args) < 2 {
		return "", errors.New("a file and a business date are needed")
	}
	if _, err := time.Parse(time.DateOnly, args[1]); err != nil {
		return "", fmt.Errorf("%q is no date like 2026-08-28", args[1])
	}
	s.mu.Lock()
	lines := s.settledLines(args[1])
	s.mu.Unlock()
	lines, err := spoil(lines, args[2:])
	if err != nil {
		return "", err
	}
	text, err := settlementText(args[1], lines)
	if err != nil {
		return "", err
	}
	if err := os.WriteFile(args[0]+".new", text, stateFileMode); err != nil {
		return "", fmt.Errorf("write settlement: %w", err)
	}
	if err := os.Rename(args[0]+".new", args[0]); err != nil {
		return "", fmt.Errorf("write settlement: %w", err)
	}
	return fmt.Sprintf("%d lines", len(lines)), nil
}

// settledLines are all transactions of the acquirer's on a day, by time of their ids.
func (s *Server) settledLines(day string) []settledLine {
	var lines []settledLine
	for id := range s.state.payments.rows {
		row, _ := s.payment(id)
		if !row.acquired() || row.businessDate() != day {
			continue
		}
		switch {
		case row.capturedCents() > 0:
			lines = append(lines, settledLine{kind: "sale", payment: row, terminal: row.TerminalID, cents: row.capturedCents()})
		case row.Pix != nil && row.Pix.Unseen: // the bank knows what central has not heard of
			lines = append(lines, settledLine{kind: "sale", payment: row, terminal: row.TerminalID, cents: row.Request.Amount.Amount})
		case row.lateCents() > 0:
			lines = append(lines, settledLine{kind: "late", payment: row, terminal: row.TerminalID, cents: row.lateCents()})
		}
	}
	for id, refund := range s.state.refunds.rows {
		row, _ := s.payment(refund.PaymentID)
		if row.acquired() && refund.Status == wire.RefundStatusSucceeded && refund.Request.BusinessDate.Format(time.DateOnly) == day {
			lines = append(lines, settledLine{
				kind: "refund", payment: row, refundID: id, terminal: refund.TerminalID, reference: refund.ReturnID,
				cents: -refund.Request.Amount.Amount,
			})
		}
	}
	slices.SortFunc(lines, func(a, b settledLine) int {
		return strings.Compare(a.payment.ID+a.refundID, b.payment.ID+b.refundID)
	})
	return lines
}

// acquired says whether the acquirer has a part in a payment.
func (p paymentRow) acquired() bool {
	if p.Pix != nil {
		return !isTraining(&p.Request) && p.Pix.PaidAt != nil
	}
	return !isTraining(&p.Request) && p.Result != nil && p.Result.Acquirer != nil && *p.Result.Acquirer == acquirer
}

// spoil makes a file wrong: a line left out, an amount changed, a line too many.
func spoil(lines []settledLine, wishes []string) ([]settledLine, error) {
	for _, wish := range wishes {
		word, value, _ := strings.Cut(wish, "=")
		id, amount, _ := strings.Cut(value, ":")
		at := slices.IndexFunc(lines, func(line settledLine) bool { return line.payment.ID == id || line.refundID == id })
		if at < 0 {
			return nil, fmt.Errorf("no line of %q", id)
		}
		switch word {
		case "without":
			lines = slices.Delete(lines, at, at+1)
		case "twice":
			lines = slices.Insert(lines, at, lines[at])
		case "cents":
			cents, err := strconv.ParseInt(amount, 10, 64)
			if err != nil {
				return nil, fmt.Errorf("%q is no amount in cents", amount)
			}
			lines[at].cents = cents
		default:
			return nil, fmt.Errorf("%q is none of without=ID, twice=ID, cents=ID:CENTS", wish)
		}
	}
	return lines, nil
}

func settlementText(day string, lines []settledLine) ([]byte, error) {
	var text bytes.Buffer
	out := csv.NewWriter(&text)
	rows := [][]string{settlementColumns}
	var gross, fees int64
	for _, line := range lines {
		fee := shareOf(line.cents, feesPPM[line.payment.Request.Method])
		gross, fees = gross+line.cents, fees+fee
		rows = append(rows, line.columns(day, fee))
	}
	total := make([]string, len(settlementColumns))
	total[0], total[3] = "total", day
	total[15], total[16], total[17] = decimal(gross), decimal(fees), decimal(gross-fees)
	total[18] = strconv.Itoa(len(lines))
	if err := out.WriteAll(append(rows, total)); err != nil {
		return nil, fmt.Errorf("write settlement: %w", err)
	}
	return text.Bytes(), nil
}

func decimal(cents int64) string { return strconv.FormatInt(cents, 10) }

// columns are one line; a card is its last four digits.
func (l settledLine) columns(day string, fee int64) []string {
	request := l.payment.Request
	var result wire.PaymentResult
	if l.payment.Result != nil {
		result = *l.payment.Result
	}
	brand, last4, count, by := "", "", "1", ""
	if request.Card != nil {
		brand, last4 = told(request.Card.Brand), request.Card.Last4
	}
	if request.Installments != nil {
		count = strconv.Itoa(*request.Installments)
	}
	if request.InstallmentBy != nil {
		by = string(*request.InstallmentBy)
	}
	reference := told(result.EndToEndID)
	if l.payment.Pix != nil {
		reference = l.payment.Pix.EndToEndID
	}
	if l.reference != "" {
		reference = l.reference
	}
	return []string{
		l.kind, l.payment.StoreID, l.terminal, day, l.payment.ID, l.refundID, told(result.NSU), told(result.AcquirerNSU),
		told(result.AuthorisationCode), reference, string(request.Method), brand, last4, count, by,
		decimal(l.cents), decimal(fee), decimal(l.cents - fee), "",
	}
}

func told(text *string) string {
	if text == nil {
		return ""
	}
	return *text
}
