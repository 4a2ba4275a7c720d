package simcentral

import (
	"fmt"

	"balcao/sync/wire"
)

// Limits of a purchase in instalments, as Brazilian acquirers set them.
const (
	instalmentsMax     = 12
	instalmentCentsMin = 500
)

// checkTerms names what is wrong with how a payment is to be made, before anybody is
// asked for money. What was settled elsewhere is not asked.
func (s *Server) checkTerms(request *wire.PaymentRequest) []wire.Violation {
	return append(checkInstalments(request), checkOffline(request)...)
}

// checkInstalments wants instalments on credit alone, so many and so large as the
// acquirer takes, and to know who bears them.
func checkInstalments(request *wire.PaymentRequest) []wire.Violation {
	count := 1
	if request.Installments != nil {
		count = *request.Installments
	}
	wrong := func(field, why string) []wire.Violation {
		return []wire.Violation{{Pointer: "/" + field, Code: wire.CodePaymentDataInvalid, Detail: &why}}
	}
	switch {
	case count == 1 && request.InstallmentBy != nil:
		return wrong("installment_by", "there are no instalments")
	case count == 1:
		return nil
	case request.Method != wire.MethodCredit:
		return wrong("installments", fmt.Sprintf("%s is paid at once", request.Method))
	case request.InstallmentBy == nil:
		return wrong("installment_by", "merchant or issuer must bear them")
	case count > instalmentsMax:
		return wrong("installments", fmt.Sprintf("at most %d", instalmentsMax))
	case request.Amount.Amount < int64(count)*instalmentCentsMin:
		return wrong("installments", fmt.Sprintf("an instalment is at least %d cents", instalmentCentsMin))
	}
	return nil
}

// checkOffline refuses approvals without a host where only a host can know.
func checkOffline(request *wire.PaymentRequest) []wire.Violation {
	if request.Offline == nil {
		return nil
	}
	switch request.Method {
	case wire.MethodPix, wire.MethodVoucher, wire.MethodStoreCredit:
		return []wire.Violation{{Pointer: "/offline", Code: wire.CodePaymentDataInvalid, Detail: new(string(request.Method) + " needs a host")}}
	}
	return nil
}
