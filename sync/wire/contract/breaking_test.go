package contract_test

import (
	"fmt"
	"maps"
	"os"
	"slices"
	"sort"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/stretchr/testify/require"

	"balcao/sync/wire"
)

// previousContract is the contract that tills and centrals in the field speak. It is
// copied anew from openapi.yaml when a version of both has been released, and never to
// silence this test.
const previousContract = "../testdata/openapi.previous.yaml"

// A direction says who writes what a schema describes: what is added to one side is a
// burden, to the other none.
type direction string

const (
	request direction = "request"
	answer  direction = "answer"
)

// A comparison collects what of a new contract breaks who speaks the old one.
type comparison struct {
	found   []string
	visited map[[2]*openapi3.Schema]map[direction]bool
	reached map[*openapi3.Schema]bool
}

// breaking compares two contracts. Fields, paths, operations, statuses and headers may
// be added; what a till sends today must be taken tomorrow, and what it reads today must
// come tomorrow.
func breaking(old, now *openapi3.T) []string {
	c := &comparison{visited: map[[2]*openapi3.Schema]map[direction]bool{}, reached: map[*openapi3.Schema]bool{}}
	for _, path := range slices.Sorted(maps.Keys(old.Paths.Map())) {
		item := now.Paths.Value(path)
		if item == nil {
			c.report("%s: the path is gone", path)
			continue
		}
		was := old.Paths.Value(path)
		for method, operation := range was.Operations() {
			at := method + " " + path
			if is := item.GetOperation(method); is == nil {
				c.report("%s: the operation is gone", at)
			} else {
				c.parameters(at, append(slices.Clone(was.Parameters), operation.Parameters...), append(slices.Clone(item.Parameters), is.Parameters...))
				c.operation(at, operation, is)
			}
		}
	}
	// The bodies of records, which no operation names.
	for name, was := range old.Components.Schemas {
		is := now.Components.Schemas[name]
		switch {
		case is == nil:
			c.report("%s: the schema is gone", name)
		case !c.reached[was.Value]:
			c.schema(name, was.Value, is.Value, request)
		}
	}
	sort.Strings(c.found)
	return c.found
}

func load(t testing.TB, text []byte) *openapi3.T {
	t.Helper()
	document, err := openapi3.NewLoader().LoadFromData(text)
	require.NoError(t, err)
	return document
}

func (c *comparison) report(format string, values ...any) {
	c.found = append(c.found, fmt.Sprintf(format, values...))
}

func (c *comparison) parameters(at string, old, now openapi3.Parameters) {
	for _, each := range now {
		was := old.GetByInAndName(each.Value.In, each.Value.Name)
		name := at + " " + each.Value.In + " " + each.Value.Name
		switch {
		case was == nil && each.Value.Required:
			c.report("%s: a new parameter is required", name)
		case was == nil:
		case each.Value.Required && !was.Required:
			c.report("%s: the parameter is required now", name)
		default:
			c.schema(name, was.Schema.Value, each.Value.Schema.Value, request)
		}
	}
	for _, each := range old {
		if now.GetByInAndName(each.Value.In, each.Value.Name) == nil {
			c.report("%s %s %s: the parameter is gone", at, each.Value.In, each.Value.Name)
		}
	}
}

func (c *comparison) operation(at string, old, now *openapi3.Operation) {
	switch {
	case old.RequestBody == nil && now.RequestBody != nil && now.RequestBody.Value.Required:
		c.report("%s: a body is required now", at)
	case old.RequestBody != nil && now.RequestBody == nil:
		c.report("%s: the body is gone", at)
	case old.RequestBody != nil:
		c.content(at+" request", old.RequestBody.Value.Content, now.RequestBody.Value.Content, request)
	}
	if old.Security == nil && now.Security != nil || now.Security == nil && old.Security != nil {
		c.report("%s: who may call it is another", at)
	}
	for status, was := range old.Responses.Map() {
		is := now.Responses.Value(status)
		if is == nil {
			c.report("%s %s: the answer is gone", at, status)
			continue
		}
		for name, header := range was.Value.Headers {
			if is.Value.Headers[name] == nil {
				c.report("%s %s %s: the header is gone", at, status, name)
			} else {
				c.schema(at+" "+status+" "+name, header.Value.Schema.Value, is.Value.Headers[name].Value.Schema.Value, answer)
			}
		}
		c.content(at+" "+status, was.Value.Content, is.Value.Content, answer)
	}
}

func (c *comparison) content(at string, old, now openapi3.Content, way direction) {
	for media, was := range old {
		if now[media] == nil {
			c.report("%s: no %s any more", at, media)
			continue
		}
		c.schema(at, was.Schema.Value, now[media].Schema.Value, way)
	}
}

// An object is a schema with all its parts laid together.
type object struct {
	properties map[string]*openapi3.Schema
	required   map[string]bool
}

func flatten(schema *openapi3.Schema, into object) object {
	if into.properties == nil {
		into = object{map[string]*openapi3.Schema{}, map[string]bool{}}
	}
	for _, part := range schema.AllOf {
		flatten(part.Value, into)
	}
	for name, property := range schema.Properties {
		into.properties[name] = property.Value
	}
	for _, name := range schema.Required {
		into.required[name] = true
	}
	return into
}

func (c *comparison) reach(schema *openapi3.Schema) {
	c.reached[schema] = true
	for _, part := range schema.AllOf {
		c.reach(part.Value)
	}
}

func (c *comparison) schema(at string, old, now *openapi3.Schema, way direction) {
	pair := [2]*openapi3.Schema{old, now}
	if c.visited[pair] == nil {
		c.visited[pair] = map[direction]bool{}
	}
	if c.visited[pair][way] {
		return
	}
	c.visited[pair][way] = true
	c.reach(old)
	c.value(at, old, now, way)
	was, is := flatten(old, object{}), flatten(now, object{})
	for name, property := range was.properties {
		if is.properties[name] == nil {
			c.report("%s/%s: the field is gone", at, name)
			continue
		}
		c.schema(at+"/"+name, property, is.properties[name], way)
	}
	for name := range is.required {
		if way == request && !was.required[name] {
			c.report("%s/%s: the field is required now", at, name)
		}
	}
	for name := range was.required {
		if way == answer && !is.required[name] {
			c.report("%s/%s: the field may be absent now", at, name)
		}
	}
	if old.Items != nil && now.Items != nil {
		c.schema(at+"[]", old.Items.Value, now.Items.Value, way)
	}
	if more, less := old.AdditionalProperties.Schema, now.AdditionalProperties.Schema; more != nil && less != nil {
		c.schema(at+"{}", more.Value, less.Value, way)
	}
}

// value compares what a single value may be. A request may be widened and an answer
// narrowed; the other way breaks.
func (c *comparison) value(at string, old, now *openapi3.Schema, way direction) {
	narrow, wide := old, now // a request: all that was good must be good
	if way == answer {
		narrow, wide = now, old // an answer: all that comes must have been possible
	}
	if !within(types(narrow), types(wide)) {
		c.report("%s: the type was %v and is %v", at, types(old), types(now))
	}
	if !within(values(narrow.Enum), values(wide.Enum)) {
		c.report("%s: the values were %v and are %v", at, values(old.Enum), values(now.Enum))
	}
	if wide.Pattern != "" && wide.Pattern != narrow.Pattern {
		c.report("%s: the pattern was %q and is %q", at, old.Pattern, now.Pattern)
	}
	if wide.Format != "" && wide.Format != narrow.Format {
		c.report("%s: the format was %q and is %q", at, old.Format, now.Format)
	}
	for _, limit := range []struct {
		name        string
		narrow, was *float64
		least       bool
	}{
		{"minimum", narrow.Min, wide.Min, true},
		{"maximum", narrow.Max, wide.Max, false},
		{"maxLength", count(narrow.MaxLength), count(wide.MaxLength), false},
		{"maxItems", count(narrow.MaxItems), count(wide.MaxItems), false},
		{"minLength", new(float64(narrow.MinLength)), new(float64(wide.MinLength)), true},
		{"minItems", new(float64(narrow.MinItems)), new(float64(wide.MinItems)), true},
	} {
		outside := limit.was != nil && (limit.narrow == nil ||
			limit.least && *limit.narrow < *limit.was || !limit.least && *limit.narrow > *limit.was)
		if outside {
			c.report("%s: another %s", at, limit.name)
		}
	}
}

func count(value *uint64) *float64 {
	if value == nil {
		return nil
	}
	return new(float64(*value))
}

// types are the JSON types of a value, none for any. An integer is a number too.
func types(schema *openapi3.Schema) []string {
	found := slices.Clone(schema.Type.Slice())
	if slices.Contains(found, "number") {
		found = append(found, "integer")
	}
	return found
}

func values(enum []any) []string {
	texts := make([]string, 0, len(enum))
	for _, each := range enum {
		texts = append(texts, fmt.Sprint(each))
	}
	return texts
}

// within says whether every one of narrow is one of wide; an empty list is everything.
func within(narrow, wide []string) bool {
	if len(wide) == 0 {
		return true
	}
	return len(narrow) > 0 && !slices.ContainsFunc(narrow, func(each string) bool { return !slices.Contains(wide, each) })
}

func TestTheContractBreaksNobodyWhoSpeaksThePreviousOne(t *testing.T) {
	previous, err := os.ReadFile(previousContract)
	require.NoError(t, err)
	for _, each := range breaking(load(t, previous), load(t, wire.OpenAPI)) {
		t.Errorf("%s\n\tcure: add beside it instead, or make it /v2: a till is not updated on the day that central is", each)
	}
}

// Every kind of break is made once, and found where it was made.
func TestABreakOfTheContractIsFound(t *testing.T) {
	present, old := string(wire.OpenAPI), load(t, wire.OpenAPI)
	for name, test := range map[string]struct{ from, to, found string }{
		"a path is gone":                      {"  /v1/surveys:\n", "  /v1/questionnaires:\n", "/v1/surveys: the path is gone"},
		"an operation is gone":                {"    delete:\n      tags: [orders]\n      operationId: releaseStock", "    patch:\n      tags: [orders]\n      operationId: releaseStock", "DELETE /v1/stock/reservations/{reservation_id}: the operation is gone"},
		"a field of a request is gone":        {"tracking_code: { type: string }", "tracking: { type: string }", "/tracking_code: the field is gone"},
		"a field of an answer is gone":        {"ready_for_orders: { type: boolean }, central", "ready: { type: boolean }, central", "/ready_for_orders: the field is gone"},
		"a field is required now":             {"StockLine: { type: object, required: [sku, quantity]", "StockLine: { type: object, required: [sku, quantity, lot]", "/lot: the field is required now"},
		"a required field of allOf":           {"          required: [epoch, terminal_seq, occurred_at]", "          required: [epoch, terminal_seq, occurred_at, operator_id]", "/operator_id: the field is required now"},
		"a field of an answer may be gone":    {"required: [op, kind, id, version]", "required: [op, kind, id]", "/version: the field may be absent now"},
		"a type of a request is narrower":     {"closed_at: { type: [\"string\", \"null\"]", "closed_at: { type: [\"string\"]", "/closed_at: the type was"},
		"a type of an answer is wider":        {"ReportReceipt: { type: object, required: [report_id, status], properties: { report_id: { $ref: \"#/components/schemas/Id\" }, status: { type: string", "ReportReceipt: { type: object, required: [report_id, status], properties: { report_id: { $ref: \"#/components/schemas/Id\" }, status: { type: [string, \"null\"]", "/status: the type was"},
		"a value is taken no more":            {"enum: [email, sms, whatsapp]", "enum: [email, sms]", "/channel: the values were"},
		"an answer has a new value":           {"enum: [open, closed, refused]", "enum: [open, closed, refused, parked]", "/state: the values were"},
		"a pattern is another":                {`pattern: "^[0-9A-Z]{8}$"`, `pattern: "^[0-9A-Z]{9}$"`, "/pairing_code: the pattern was"},
		"a text may be shorter only":          {"reason: { type: string, maxLength: 500 }", "reason: { type: string, maxLength: 400 }", "/reason: another maxLength"},
		"a parameter is required now":         {"{ name: If-None-Match, in: header, schema", "{ name: If-None-Match, in: header, required: true, schema", "If-None-Match: the parameter is required now"},
		"a status is gone":                    {"        \"202\": { description: Queued, content: { application/json: { schema: { $ref", "        \"299\": { description: Queued, content: { application/json: { schema: { $ref", " 202: the answer is gone"},
		"a header of an answer is gone":       {"Catalog-Cursor: { $ref: \"#/components/headers/CatalogCursor\" } }, content: { application/gzip: { schema: { type: string, format: binary } } } }\n        \"206\"", "X-Cursor: { $ref: \"#/components/headers/CatalogCursor\" } }, content: { application/gzip: { schema: { type: string, format: binary } } } }\n        \"206\"", "Catalog-Cursor: the header is gone"},
		"a record's body has a new duty":      {"required: [cause]", "required: [cause, session_id]", "DrawerOpening/session_id: the field is required now"},
		"what needed no token needs one":      {"      operationId: getStatus\n      security: []\n", "      operationId: getStatus\n", "GET /v1/status: who may call it is another"},
		"a list may hold less":                {"maxItems: 990", "maxItems: 99", "/lines: another maxItems"},
		"a media type is another":             {"application/gzip: { schema: { type: string, format: binary } } } }\n        \"206\"", "application/zip: { schema: { type: string, format: binary } } } }\n        \"206\"", "no application/gzip any more"},
		"a schema that only records use":      {"    LineVoid: {", "    LineGone: {", "LineVoid: the schema is gone"},
		"a number must be greater":            {"attempt: { type: integer, minimum: 1 }", "attempt: { type: integer, minimum: 2 }", "CashCount/attempt: another minimum"},
		"a text has a format that it had not": {"tracking_code: { type: string }", "tracking_code: { type: string, format: uri }", "/tracking_code: the format was"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			require.Contains(t, present, test.from, "the contract has changed; break something else")
			found := strings.Join(breaking(old, load(t, []byte(strings.Replace(present, test.from, test.to, 1)))), "\n")
			require.Contains(t, found, test.found)
		})
	}
}

func TestWhatIsAddedBreaksNobody(t *testing.T) {
	present, old := string(wire.OpenAPI), load(t, wire.OpenAPI)
	require.Empty(t, breaking(old, load(t, wire.OpenAPI)))
	for name, test := range map[string][2]string{
		"a field":                 {"tracking_code: { type: string }", "tracking_code: { type: string }\n            carrier: { type: string }"},
		"a value of a request":    {"enum: [email, sms, whatsapp]", "enum: [email, sms, whatsapp, telegram]"},
		"a longer text":           {"reason: { type: string, maxLength: 500 }", "reason: { type: string, maxLength: 900 }"},
		"a required answer field": {"HealthAnswer: { type: object, required: [ready_for_orders]", "HealthAnswer: { type: object, required: [ready_for_orders, central]"},
		"a parameter":             {"{ name: If-None-Match, in: header, schema", "{ name: X-Trace, in: header, schema: { type: string } }, { name: If-None-Match, in: header, schema"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			require.Contains(t, present, test[0])
			require.Empty(t, breaking(old, load(t, []byte(strings.Replace(present, test[0], test[1], 1)))))
		})
	}
}
