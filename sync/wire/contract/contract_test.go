package contract_test

import (
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/stretchr/testify/require"

	"balcao/sync/wire"
	"balcao/sync/wire/contract"
)

const (
	paymentPath = "https://central.example/v1/payments/01JD4K3M8Q7V5W2X9Y0Z1A2B3C"
	act         = `"epoch":"9f1c0a7be2d45836","terminal_seq":7,"occurred_at":"2026-08-28T14:03:05-03:00","operator_id":"maria"`
	birth       = act + `,"business_date":"2026-08-28"`
	cashPayment = `{` + birth + `,"order_id":"01JD4K3M8Q7V5W2X9Y0Z1A2B3D","method":"cash","amount":{"amount":1250,"currency":"BRL"}}`
)

func validator(t testing.TB, strict bool) *contract.Validator {
	t.Helper()
	v, err := contract.New(strict)
	require.NoError(t, err)
	return v
}

func put(path, body string) *http.Request {
	request := httptest.NewRequest(http.MethodPut, path, strings.NewReader(body))
	request.Header.Set("Content-Type", "application/json")
	return request
}

// violations turns an error into "pointer code" lines.
func violations(t testing.TB, err error) []string {
	t.Helper()
	if err == nil {
		return nil
	}
	var wrong *contract.Error
	require.ErrorAs(t, err, &wrong)
	lines := make([]string, 0, len(wrong.Violations))
	for _, each := range wrong.Violations {
		lines = append(lines, each.Pointer+" "+each.Code)
	}
	return lines
}

func TestTheContractIsAValidDocument(t *testing.T) {
	document, err := openapi3.NewLoader().LoadFromData(wire.OpenAPI)
	require.NoError(t, err)
	require.NoError(t, document.Validate(context.Background()))
}

func TestEveryKindOfRecordInTheContractHasItsSchema(t *testing.T) {
	document, err := openapi3.NewLoader().LoadFromData(wire.OpenAPI)
	require.NoError(t, err)
	listed, ok := document.Components.Schemas["RecordKind"].Value.Extensions["x-extensible-enum"].([]any)
	require.True(t, ok)
	kinds := contract.RecordKinds()
	for _, kind := range listed {
		if kind != "audit" {
			require.Contains(t, kinds, kind)
		}
	}
	require.Len(t, kinds, len(listed)-1)
	v := validator(t, false)
	for _, kind := range kinds {
		require.Error(t, v.ValidateRecord(kind, []byte(`[]`)), kind)
	}
}

func TestAGoodRequestPassesAndCanBeReadAgain(t *testing.T) {
	request := put(paymentPath, cashPayment)
	require.NoError(t, validator(t, true).ValidateRequest(request))
	var payment wire.PaymentRequest
	require.NoError(t, json.NewDecoder(request.Body).Decode(&payment))
	require.EqualValues(t, 1250, payment.Amount.Amount)
}

func TestTheGoTypesWriteWhatTheContractReads(t *testing.T) {
	var payment wire.PaymentRequest
	require.NoError(t, json.Unmarshal([]byte(cashPayment), &payment))
	body, err := json.Marshal(payment)
	require.NoError(t, err)
	require.NoError(t, validator(t, true).ValidateRequest(put(paymentPath, string(body))))
}

func TestEachFaultOfARequestIsNamedByItsPointer(t *testing.T) {
	v := validator(t, true)
	for name, test := range map[string]struct {
		body string
		want []string
	}{
		"missing field of Act, two levels down": {strings.Replace(cashPayment, `"epoch":"9f1c0a7be2d45836",`, "", 1), []string{"/epoch required-field"}},
		"missing order and amount":              {`{` + birth + `,"method":"cash"}`, []string{"/order_id required-field", "/amount required-field"}},
		"amount as a string":                    {strings.Replace(cashPayment, `1250`, `"1250"`, 1), []string{"/amount/amount invalid-type"}},
		"time without a zone":                   {strings.Replace(cashPayment, `05-03:00`, `05`, 1), []string{"/occurred_at invalid-format"}},
		"unknown method":                        {strings.Replace(cashPayment, `"cash"`, `"barter"`, 1), []string{"/method invalid-enum"}},
		"unknown field":                         {strings.Replace(cashPayment, `"currency"`, `"c~o/in":1,"currency"`, 1), []string{"/amount/c~0o~1in unknown-field"}},
		"no JSON":                               {`{"pan":"4111111111111111"`, []string{" invalid-json"}},
	} {
		t.Run(name, func(t *testing.T) {
			err := v.ValidateRequest(put(paymentPath, test.body))
			require.ElementsMatch(t, test.want, violations(t, err))
			require.NotContains(t, err.Error(), "4111")
		})
	}
}

func TestALenientValidatorIgnoresWhatItDoesNotKnow(t *testing.T) {
	body := strings.Replace(cashPayment, `"method"`, `"later":true,"method"`, 1)
	require.NoError(t, validator(t, false).ValidateRequest(put(paymentPath, body)))
	require.Error(t, validator(t, true).ValidateRequest(put(paymentPath, body)))
}

func TestHeadersAndPathsAreChecked(t *testing.T) {
	v := validator(t, true)
	confirmation := `{` + act + `,"outcome":"confirmed"}`
	request := httptest.NewRequest(http.MethodPost, paymentPath+"/confirmations", strings.NewReader(confirmation))
	request.Header.Set("Content-Type", "application/json")
	require.Equal(t, []string{" required-field"}, violations(t, v.ValidateRequest(request)))
	require.Equal(t, []string{" invalid-parameter"}, violations(t, v.ValidateRequest(put("https://central.example/v1/payments/short", cashPayment))))
	require.ErrorIs(t, v.ValidateRequest(put("https://central.example/v2/payments", cashPayment)), contract.ErrNoOperation)
	other := put(paymentPath, cashPayment)
	other.Header.Set("Content-Type", "text/plain")
	require.Equal(t, []string{" invalid-content-type"}, violations(t, v.ValidateRequest(other)))
}

func TestTheTokenFormIsChecked(t *testing.T) {
	v := validator(t, true)
	for body, good := range map[string]bool{"grant_type=client_credentials&scope=pos": true, "grant_type=password": false, "scope=pos": false} {
		request := httptest.NewRequest(http.MethodPost, "https://central.example/v1/oauth/token", strings.NewReader(body))
		request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		require.Equal(t, good, v.ValidateRequest(request) == nil, body)
	}
}

func TestAnswersAreChecked(t *testing.T) {
	v := validator(t, false)
	request := httptest.NewRequest(http.MethodGet, paymentPath, nil)
	header := http.Header{"Content-Type": {"application/json"}}
	good := `{"payment_id":"01JD4K3M8Q7V5W2X9Y0Z1A2B3C","order_id":"01JD4K3M8Q7V5W2X9Y0Z1A2B3D","method":"cash",
		"amount":{"amount":1,"currency":"BRL"},"status":"captured","updated_at":"2026-08-28T14:03:05Z"}`
	require.NoError(t, v.ValidateResponse(request, 200, header, []byte(good)))
	bad := strings.Replace(good, "captured", "done", 1)
	require.Equal(t, []string{"/status invalid-enum"}, violations(t, v.ValidateResponse(request, 200, header, []byte(bad))))
	require.Equal(t, []string{" invalid-content-type"}, violations(t, v.ValidateResponse(request, 404, header, []byte(good))))
}

func TestEveryProblemFitsTheContract(t *testing.T) {
	v := validator(t, false)
	request := httptest.NewRequest(http.MethodGet, paymentPath, nil)
	header := http.Header{"Content-Type": {wire.ContentTypeProblem}}
	for _, code := range wire.ProblemCodes() {
		problem := wire.NewProblem(code, "detail", wire.Violation{Pointer: "/totals/total", Code: "total-mismatch", Expected: 1, Actual: 2})
		body, err := json.Marshal(problem)
		require.NoError(t, err)
		require.NoError(t, v.ValidateResponse(request, problem.Status, header, body), code)
	}
}

func TestRecordsAreCheckedByTheirKind(t *testing.T) {
	v := validator(t, true)
	float := `{"amount":{"amount":20000,"currency":"BRL"},"operator_id":"maria","session_id":"01JD4K3M8Q7V5W2X9Y0Z1A2B3D","type":"float"}`
	require.NoError(t, v.ValidateRecord("cash_movement", []byte(float)))
	require.Equal(t, []string{"/type invalid-enum"}, violations(t, v.ValidateRecord("cash_movement", []byte(strings.Replace(float, `"float"`, `"gift"`, 1)))))
	require.NoError(t, v.ValidateRecord("something_new", []byte(`{"anything":1}`)))
	require.NoError(t, v.ValidateRecord("audit", []byte(`{"anything":1}`)))
	require.NoError(t, v.ValidateRecord("checkpoint", []byte(`{"epoch":"9f1c0a7be2d45836","format":"1","app_version":"0.1.0","counters":{"nsu":4}}`)))
	require.NoError(t, v.ValidateRecord("payment", []byte(cashPayment)))

	confirmation := `{` + act + `,"outcome":"confirmed","payment_id":"01JD4K3M8Q7V5W2X9Y0Z1A2B3C"}`
	require.NoError(t, v.ValidateRecord("confirmation", []byte(confirmation)))
}

func TestARecordNeverHoldsEncryptedCardData(t *testing.T) {
	v := validator(t, true)
	card := `"card":{"entry_mode":"chip","bin":"411111","last4":"1111","encrypted":[{"kind":"pan","scheme":"dukpt_3des_ecb","data":"00"}]}`
	payment := strings.TrimSuffix(cashPayment, "}") + "," + card + "}"
	require.NoError(t, v.ValidateRequest(put(paymentPath, payment)), "the live call may")
	require.Equal(t, []string{"/card/encrypted sensitive-data"}, violations(t, v.ValidateRecord("payment", []byte(payment))))
	reversal := `{` + act + `,"reason":"timeout","original":` + payment + `}`
	require.Equal(t, []string{"/original/card/encrypted sensitive-data"}, violations(t, v.ValidateRecord("reversal", []byte(reversal))))
}

func BenchmarkValidateRequest(b *testing.B) {
	v := validator(b, true)
	for b.Loop() {
		require.NoError(b, v.ValidateRequest(put(paymentPath, cashPayment)))
	}
}

func FuzzValidateRecordNeverPanics(f *testing.F) {
	f.Add("payment", []byte(cashPayment))
	f.Add("checkpoint", []byte(`{"counters":{"nsu":4}}`))
	f.Add("reversal", []byte(`{"original":{"card":{"encrypted":null}}}`))
	v := validator(f, true)
	f.Fuzz(func(t *testing.T, kind string, body []byte) {
		if err := v.ValidateRecord(kind, body); err == nil && slices.Contains(contract.RecordKinds(), kind) {
			require.True(t, json.Valid(body))
		}
	})
}
