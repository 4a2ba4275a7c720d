// Package text says things to people, in their language: on screens, on paper
// and on the pinpad alike.
//
// pt-BR is the source language; en proves that nothing is hard-coded. A
// [Message] is an id and its values, so that the core can speak without knowing
// who reads; [Language.Say] makes it words. Catalogues are the TOML files beside
// this one, one per room and language. It lays nothing out and holds no state.
package text

import (
	"embed"
	"fmt"
	"io/fs"
	"sort"
	"strconv"
	"strings"
	"sync"

	"github.com/nicksnyder/go-i18n/v2/i18n"
	"github.com/pelletier/go-toml/v2"
	"golang.org/x/text/language"

	"balcao/terminal/money"
)

//go:embed *.toml
var catalogues embed.FS

// Tag names a language as the configuration does.
type Tag string

// The languages that have catalogues.
const (
	Portuguese Tag = "pt-BR"
	English    Tag = "en"
)

// A Message is something to say: an id of the catalogues and its values by name.
// A value whose name ends in "Cents" is an integer of cents and is written as an
// amount in the reader's language.
type Message struct {
	ID     string            `json:"id"`
	Values map[string]string `json:"values,omitempty"`
}

// Msg builds a message from an id and pairs of name and value. Values may be
// strings, integers, or money.Cents (under a name that ends in "Cents").
func Msg(id string, pairs ...any) Message {
	message := Message{ID: id}
	for i := 0; i+1 < len(pairs); i += 2 {
		if message.Values == nil {
			message.Values = map[string]string{}
		}
		name, value := fmt.Sprint(pairs[i]), fmt.Sprint(pairs[i+1])
		if cents, ok := pairs[i+1].(money.Cents); ok {
			value = strconv.FormatInt(int64(cents), 10)
		}
		message.Values[name] = value
	}
	return message
}

// Empty says that there is nothing to say.
func (m Message) Empty() bool { return m.ID == "" }

// A Language turns messages into words. The zero value is not usable; see [In].
type Language struct {
	tag       Tag
	localizer *i18n.Localizer
}

var bundle = sync.OnceValue(func() *i18n.Bundle {
	loaded := i18n.NewBundle(language.BrazilianPortuguese)
	loaded.RegisterUnmarshalFunc("toml", toml.Unmarshal)
	names, err := fs.Glob(catalogues, "*.toml")
	if err != nil {
		panic(err)
	}
	sort.Strings(names)
	for _, name := range names {
		if _, err := loaded.LoadMessageFileFS(catalogues, name); err != nil {
			panic(fmt.Sprintf("text: catalogue %s: %v", name, err))
		}
	}
	return loaded
})

// In answers the language of tag; what it lacks it says in Portuguese.
func In(tag Tag) *Language {
	if tag == "" {
		tag = Portuguese
	}
	return &Language{tag: tag, localizer: i18n.NewLocalizer(bundle(), string(tag), string(Portuguese))}
}

// Tag is the language's name.
func (l *Language) Tag() Tag { return l.tag }

// Say answers the words of a message. An id that no catalogue has comes back in
// brackets, visible and harmless; a test finds it before a cashier does.
func (l *Language) Say(message Message) string {
	if message.Empty() {
		return ""
	}
	values := make(map[string]any, len(message.Values))
	for name, value := range message.Values {
		if strings.HasSuffix(name, "Cents") {
			if cents, err := strconv.ParseInt(value, 10, 64); err == nil {
				value = l.Amount(money.Cents(cents))
			}
		}
		values[name] = value
	}
	config := &i18n.LocalizeConfig{MessageID: message.ID, TemplateData: values}
	if count, ok := message.Values["Count"]; ok {
		config.PluralCount = count
	}
	words, err := l.localizer.Localize(config)
	if err != nil && words == "" {
		return "[" + message.ID + "]"
	}
	return words
}

// Word answers the words of an id that takes no values.
func (l *Language) Word(id string) string { return l.Say(Message{ID: id}) }

// Amount writes an amount for people: "1.234,56" in Portuguese, "1,234.56" in English.
func (l *Language) Amount(amount money.Cents) string { return l.figure(amount.String()) }

// UnitPrice writes a price for people, with two to four decimals.
func (l *Language) UnitPrice(price money.UnitPrice) string { return l.figure(price.String()) }

// Quantity writes a quantity for people; measured quantities keep three decimals.
func (l *Language) Quantity(quantity money.Quantity) string {
	digits := quantity.String()
	if whole, fraction, found := strings.Cut(digits, "."); found {
		digits = whole + "." + (fraction + "000")[:3]
	}
	return l.figure(digits)
}

// figure groups thousands and sets the decimal mark of the language.
func (l *Language) figure(plain string) string {
	group, mark := ".", ","
	if l.tag == English {
		group, mark = ",", "."
	}
	body, negative := strings.CutPrefix(plain, "-")
	whole, fraction, decimals := strings.Cut(body, ".")
	for i := len(whole) - 3; i > 0; i -= 3 {
		whole = whole[:i] + group + whole[i:]
	}
	if decimals {
		whole += mark + fraction
	}
	if negative {
		whole = "-" + whole
	}
	return whole
}

// IDs lists every message id that a language's own catalogues hold, for tests.
func IDs(tag Tag) (map[string]bool, error) {
	names, err := fs.Glob(catalogues, "*."+string(tag)+".toml")
	if err != nil {
		return nil, fmt.Errorf("list catalogues: %w", err)
	}
	ids := map[string]bool{}
	for _, name := range names {
		data, err := fs.ReadFile(catalogues, name)
		if err != nil {
			return nil, fmt.Errorf("read catalogue %s: %w", name, err)
		}
		file, err := i18n.ParseMessageFileBytes(data, name, map[string]i18n.UnmarshalFunc{"toml": toml.Unmarshal})
		if err != nil {
			return nil, fmt.Errorf("read catalogue %s: %w", name, err)
		}
		for _, message := range file.Messages {
			if ids[message.ID] {
				return nil, fmt.Errorf("catalogue %s: %s stands twice", name, message.ID)
			}
			ids[message.ID] = true
		}
	}
	return ids, nil
}
