# Made from spec/openapi.yaml by scripts/generate. Not edited by hand.
from http import HTTPStatus
from typing import Any

import httpx

from ... import errors
from ...client import AuthenticatedClient, Client
from ...models.error_response import ErrorResponse
from ...models.payment_methods_request import PaymentMethodsRequest
from ...models.payment_methods_response import PaymentMethodsResponse
from ...types import Response


def _get_kwargs(
    *,
    body: PaymentMethodsRequest,
) -> dict[str, Any]:
    headers: dict[str, Any] = {}

    _kwargs: dict[str, Any] = {
        "method": "post",
        "url": "/api/v1/payment/methods",
    }

    _kwargs["json"] = body.to_dict()

    headers["Content-Type"] = "application/json"

    _kwargs["headers"] = headers
    return _kwargs


def _parse_response(
    *, client: AuthenticatedClient | Client, response: httpx.Response
) -> ErrorResponse | PaymentMethodsResponse:
    if response.status_code == 200:
        response_200 = PaymentMethodsResponse.from_dict(response.json())

        return response_200

    if response.status_code == 400:
        response_400 = ErrorResponse.from_dict(response.json())

        return response_400

    if response.status_code == 401:
        response_401 = ErrorResponse.from_dict(response.json())

        return response_401

    if response.status_code == 403:
        response_403 = ErrorResponse.from_dict(response.json())

        return response_403

    if response.status_code == 404:
        response_404 = ErrorResponse.from_dict(response.json())

        return response_404

    if response.status_code == 409:
        response_409 = ErrorResponse.from_dict(response.json())

        return response_409

    if response.status_code == 422:
        response_422 = ErrorResponse.from_dict(response.json())

        return response_422

    if response.status_code == 429:
        response_429 = ErrorResponse.from_dict(response.json())

        return response_429

    if response.status_code == 500:
        response_500 = ErrorResponse.from_dict(response.json())

        return response_500

    response_default = ErrorResponse.from_dict(response.json())

    return response_default


def _build_response(
    *, client: AuthenticatedClient | Client, response: httpx.Response
) -> Response[ErrorResponse | PaymentMethodsResponse]:
    status_code: HTTPStatus | int
    try:
        status_code = HTTPStatus(response.status_code)
    except ValueError:
        status_code = response.status_code
    try:
        parsed = _parse_response(client=client, response=response)
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        raise errors.ResponseParseError(response.status_code, response.content, "list_payment_methods") from error
    return Response(
        status_code=status_code,
        content=response.content,
        headers=response.headers,
        parsed=parsed,
    )


def sync_detailed(
    *,
    client: AuthenticatedClient | Client,
    body: PaymentMethodsRequest,
) -> Response[ErrorResponse | PaymentMethodsResponse]:
    """Payment methods available to the project

     The methods that the project may use, by country, currency and direction. The operation is announced
    in the
    gateway's documentation; its path and body are our assumption. The example lists the methods that
    the
    documentation names by country; the codes of Kazakhstan's and Kenya's transfers were not legible.

    Args:
        body (PaymentMethodsRequest): Filters for methods.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[ErrorResponse | PaymentMethodsResponse]
    """

    kwargs = _get_kwargs(
        body=body,
    )

    response = client.get_httpx_client().request(
        **kwargs,
    )

    return _build_response(client=client, response=response)


def sync(
    *,
    client: AuthenticatedClient | Client,
    body: PaymentMethodsRequest,
) -> ErrorResponse | PaymentMethodsResponse | None:
    """Payment methods available to the project

     The methods that the project may use, by country, currency and direction. The operation is announced
    in the
    gateway's documentation; its path and body are our assumption. The example lists the methods that
    the
    documentation names by country; the codes of Kazakhstan's and Kenya's transfers were not legible.

    Args:
        body (PaymentMethodsRequest): Filters for methods.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        ErrorResponse | PaymentMethodsResponse
    """

    return sync_detailed(
        client=client,
        body=body,
    ).parsed


async def asyncio_detailed(
    *,
    client: AuthenticatedClient | Client,
    body: PaymentMethodsRequest,
) -> Response[ErrorResponse | PaymentMethodsResponse]:
    """Payment methods available to the project

     The methods that the project may use, by country, currency and direction. The operation is announced
    in the
    gateway's documentation; its path and body are our assumption. The example lists the methods that
    the
    documentation names by country; the codes of Kazakhstan's and Kenya's transfers were not legible.

    Args:
        body (PaymentMethodsRequest): Filters for methods.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[ErrorResponse | PaymentMethodsResponse]
    """

    kwargs = _get_kwargs(
        body=body,
    )

    response = await client.get_async_httpx_client().request(**kwargs)

    return _build_response(client=client, response=response)


async def asyncio(
    *,
    client: AuthenticatedClient | Client,
    body: PaymentMethodsRequest,
) -> ErrorResponse | PaymentMethodsResponse | None:
    """Payment methods available to the project

     The methods that the project may use, by country, currency and direction. The operation is announced
    in the
    gateway's documentation; its path and body are our assumption. The example lists the methods that
    the
    documentation names by country; the codes of Kazakhstan's and Kenya's transfers were not legible.

    Args:
        body (PaymentMethodsRequest): Filters for methods.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        ErrorResponse | PaymentMethodsResponse
    """

    return (
        await asyncio_detailed(
            client=client,
            body=body,
        )
    ).parsed
