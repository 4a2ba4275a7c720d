// Package notify sends one notification once and says what became of it: a mail
// through SMTP, or a message through a webhook.
//
// It tries no second time, keeps nothing and writes no words: when to send again, and
// for how long, is its caller's policy, and the words come from package letter or
// from elsewhere. A [Notification] sent again under the same id is the same mail and
// the same message to whoever receives it. Start with [Notification], then [NewMail]
// or [NewWebhook]; both answer a [Result].
//
// Facts: RFC 5321 (SMTP), RFC 5322 (mail), RFC 8058 (one-click unsubscribe), RFC 9110
// (Retry-After), Standard Webhooks 1.0.0.
package notify

import (
	"errors"
	"fmt"
	"net/mail"
	"net/url"
	"regexp"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// Bounds of a notification. Many servers take no mail over 25 MB, and Base64 adds a
// third to attachments.
const (
	SubjectRunesMax    = 200
	BodyBytesMax       = 256 << 10
	AttachmentsMax     = 8
	AttachmentBytesMax = 10 << 20 // of all together
)

// A Category says why somebody is written to, which decides whether consent is needed.
type Category string

// The categories. Only marketing needs consent, and only it says how to leave.
const (
	Transactional  Category = "transactional"  // about a purchase of the receiver
	Administrative Category = "administrative" // to those who run the shop
	Marketing      Category = "marketing"
)

// An Attachment is a file in a mail. Messages through a webhook carry none.
type Attachment struct {
	Name    string // without folders
	Media   string // as application/pdf
	Content []byte
}

// A Notification is what one receiver is told, once. The same id must always carry
// the same content.
type Notification struct {
	ID       string    // letters, digits, hyphens; a ULID is one
	Created  time.Time // the mail's date, whenever it is sent
	Category Category
	// To is a mail address, or for a webhook whatever its service sends to, as +5511999990000.
	To          string
	ToName      string // may be empty
	Subject     string
	Text        string
	HTML        string // may be empty
	Attachments []Attachment
	// Unsubscribe is an https address that ends marketing by one POST; nothing else has it.
	Unsubscribe string
}

// Outcome is what became of one attempt.
type Outcome string

// The outcomes. After a temporary one the peer may have the notification all the
// same (its answer was lost): sending again under the same id is right.
const (
	Delivered Outcome = "delivered" // the peer answers for it from now on
	Temporary Outcome = "temporary" // worth another try
	Final     Outcome = "final"     // the same notification will never be taken
)

// A Result is what one attempt came to.
type Result struct {
	Outcome Outcome
	Code    int // the peer's, of SMTP or HTTP; zero when none came
	// RetryAfter is what the peer asked for, at most [RetryAfterMax]; zero for nothing.
	RetryAfter time.Duration
	// Reason says operation, object and cause, without addresses; empty when delivered.
	Reason string
}

// RetryAfterMax is the longest wait that is believed: a day is as long as anybody
// goes on trying.
const RetryAfterMax = 24 * time.Hour

// ErrInvalid says that a notification cannot be sent by anybody.
var ErrInvalid = errors.New("invalid notification")

var idForm = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9-]{0,63}$`)

// Validate refuses what must not leave: no id, no receiver, no words, too much of
// something, line breaks in a header, a way to leave for others than marketing or none
// for it. Its error is an [ErrInvalid].
func (n Notification) Validate() error {
	if !idForm.MatchString(n.ID) {
		return fmt.Errorf("%w: the id is not 1 to 64 letters, digits and hyphens", ErrInvalid)
	}
	for _, rule := range []struct {
		broken bool
		what   string
	}{
		{n.Created.IsZero(), "no time of creation"},
		{n.To == "" || !oneLine(n.To) || !oneLine(n.ToName), "the receiver is empty or more than one line"},
		{n.Subject == "" || !oneLine(n.Subject), "the subject is empty or more than one line"},
		{utf8.RuneCountInString(n.Subject) > SubjectRunesMax, "the subject is too long"},
		{n.Text == "" || !utf8.ValidString(n.Text) || !utf8.ValidString(n.HTML), "the text is empty or no UTF-8"},
		{len(n.Text)+len(n.HTML) > BodyBytesMax, "the text is too long"},
		{len(n.Attachments) > AttachmentsMax, "too many attachments"},
	} {
		if rule.broken {
			return fmt.Errorf("%w %s: %s", ErrInvalid, n.ID, rule.what)
		}
	}
	for _, check := range []func() error{n.validateCategory, n.validateAttachments} {
		if err := check(); err != nil {
			return fmt.Errorf("%w %s: %w", ErrInvalid, n.ID, err)
		}
	}
	return nil
}

func (n Notification) validateCategory() error {
	switch n.Category {
	case Transactional, Administrative:
		if n.Unsubscribe != "" {
			return errors.New("only marketing can be unsubscribed from")
		}
	case Marketing:
		address, err := url.Parse(n.Unsubscribe)
		if err != nil || address.Scheme != "https" || address.Host == "" || !oneLine(n.Unsubscribe) {
			return errors.New("marketing wants an https address to unsubscribe")
		}
	default:
		return fmt.Errorf("%q is no category", n.Category)
	}
	return nil
}

func (n Notification) validateAttachments() error {
	total := 0
	for _, attachment := range n.Attachments {
		total += len(attachment.Content)
		if attachment.Name == "" || !oneLine(attachment.Name) || strings.ContainsAny(attachment.Name, `/\`) {
			return errors.New("an attachment without a plain name")
		}
		if !strings.Contains(attachment.Media, "/") || !oneLine(attachment.Media) {
			return fmt.Errorf("attachment %s has no media type", attachment.Name)
		}
	}
	if total > AttachmentBytesMax {
		return fmt.Errorf("attachments of %d bytes, more than %d", total, AttachmentBytesMax)
	}
	return nil
}

// oneLine refuses what could end a header and begin another.
func oneLine(words string) bool {
	return utf8.ValidString(words) && strings.IndexFunc(words, unicode.IsControl) < 0
}

// bareAddress accepts local@domain and nothing around it.
func bareAddress(address string) error {
	parsed, err := mail.ParseAddress(address)
	if err != nil || parsed.Address != address {
		return errors.New("not a mail address of the form name@domain")
	}
	return nil
}
