package contract

import (
	"encoding/json"
	"fmt"

	"github.com/getkin/kin-openapi/openapi3"

	"balcao/sync/wire"
)

// recordSchemas names the schema of each kind of record; a kind that is not here is
// free (audit), or unknown and kept as it is.
var recordSchemas = map[string]string{
	"session_open":    "SessionRequest",
	"session_close":   "SessionRequest",
	"order":           "OrderRequest",
	"transition":      "Transition",
	"payment":         "PaymentRequest",
	"capture":         "Capture",
	"confirmation":    "Confirmation",
	"reversal":        "ReversalRequest",
	"refund":          "RefundRequest",
	"line_void":       "LineVoid",
	"discount":        "Discount",
	"override":        "Override",
	"cash_movement":   "CashMovement",
	"drawer_opening":  "DrawerOpening",
	"cash_count":      "CashCount",
	"x_report":        "Report",
	"z_report":        "Report",
	"fiscal":          "FiscalDocument",
	"notification":    "NotificationRequest",
	"survey_response": "SurveyResponse",
	"incident":        "Incident",
	"checkpoint":      "Checkpoint",
	"notice":          "Notice",
}

// RecordKinds lists the kinds whose bodies have a schema, in no order.
func RecordKinds() []string {
	kinds := make([]string, 0, len(recordSchemas))
	for kind := range recordSchemas {
		kinds = append(kinds, kind)
	}
	return kinds
}

// ValidateRecord checks the body of one record of the stream by its kind. An unknown
// kind is always good. Encrypted card data is never: it travels in live calls only.
func (v *Validator) ValidateRecord(kind string, body []byte) error {
	name, known := recordSchemas[kind]
	if !known {
		return nil
	}
	schema, err := v.schema(name)
	if err != nil {
		return err
	}
	violations := v.bodyViolations(schema, body, openapi3.VisitAsRequest())
	return asError(append(violations, encryptedInRecord(kind, body)...))
}

// ValidateBody checks a JSON text against a schema of the contract by its name.
func (v *Validator) ValidateBody(name string, body []byte) error {
	schema, err := v.schema(name)
	if err != nil {
		return err
	}
	return asError(v.bodyViolations(schema, body, openapi3.VisitAsRequest()))
}

func (v *Validator) schema(name string) (*openapi3.Schema, error) {
	found, ok := v.document.Components.Schemas[name]
	if !ok {
		return nil, fmt.Errorf("the contract has no schema %q", name)
	}
	return found.Value, nil
}

// encryptedInRecord finds ciphertext that a record must not keep (PCI DSS 3.3.1).
func encryptedInRecord(kind string, body []byte) []wire.Violation {
	type payment struct {
		Card struct {
			Encrypted json.RawMessage `json:"encrypted"`
		} `json:"card"`
	}
	var record struct {
		payment
		Original payment `json:"original"`
	}
	if kind != "payment" && kind != "reversal" {
		return nil
	}
	if json.Unmarshal(body, &record) != nil {
		return nil // the schema has said so
	}
	var found []wire.Violation
	if record.Card.Encrypted != nil {
		found = append(found, violation("/card/encrypted", wire.CodeSensitiveData, "travels in the live call only"))
	}
	if record.Original.Card.Encrypted != nil {
		found = append(found, violation("/original/card/encrypted", wire.CodeSensitiveData, "travels in the live call only"))
	}
	return found
}
