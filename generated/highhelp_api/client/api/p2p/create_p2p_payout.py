# Made from spec/openapi.yaml by scripts/generate. Not edited by hand.
from http import HTTPStatus
from typing import Any

import httpx

from ... import errors
from ...client import AuthenticatedClient, Client
from ...models.error_response import ErrorResponse
from ...models.p2p_payout_request import P2PPayoutRequest
from ...models.payment_state import PaymentState
from ...types import Response


def _get_kwargs(
    *,
    body: P2PPayoutRequest,
) -> dict[str, Any]:
    headers: dict[str, Any] = {}

    _kwargs: dict[str, Any] = {
        "method": "post",
        "url": "/api/v1/payment/p2p/payout",
    }

    _kwargs["json"] = body.to_dict()

    headers["Content-Type"] = "application/json"

    _kwargs["headers"] = headers
    return _kwargs


def _parse_response(*, client: AuthenticatedClient | Client, response: httpx.Response) -> ErrorResponse | PaymentState:
    if response.status_code == 200:
        response_200 = PaymentState.from_dict(response.json())

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
) -> Response[ErrorResponse | PaymentState]:
    status_code: HTTPStatus | int
    try:
        status_code = HTTPStatus(response.status_code)
    except ValueError:
        status_code = response.status_code
    try:
        parsed = _parse_response(client=client, response=response)
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        raise errors.ResponseParseError(response.status_code, response.content, "create_p2p_payout") from error
    return Response(
        status_code=status_code,
        content=response.content,
        headers=response.headers,
        parsed=parsed,
    )


def sync_detailed(
    *,
    client: AuthenticatedClient | Client,
    body: P2PPayoutRequest,
) -> Response[ErrorResponse | PaymentState]:
    """Create a P2P payout

     Sends money from the project's balance to a person. The required fields of the receiver block depend
    on the method.
    `payment_id` is unique within the project: the same one never pays twice.

    Args:
        body (P2PPayoutRequest): A P2P payout. The receiver must have the fields that the method
            requires.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[ErrorResponse | PaymentState]
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
    body: P2PPayoutRequest,
) -> ErrorResponse | PaymentState | None:
    """Create a P2P payout

     Sends money from the project's balance to a person. The required fields of the receiver block depend
    on the method.
    `payment_id` is unique within the project: the same one never pays twice.

    Args:
        body (P2PPayoutRequest): A P2P payout. The receiver must have the fields that the method
            requires.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        ErrorResponse | PaymentState
    """

    return sync_detailed(
        client=client,
        body=body,
    ).parsed


async def asyncio_detailed(
    *,
    client: AuthenticatedClient | Client,
    body: P2PPayoutRequest,
) -> Response[ErrorResponse | PaymentState]:
    """Create a P2P payout

     Sends money from the project's balance to a person. The required fields of the receiver block depend
    on the method.
    `payment_id` is unique within the project: the same one never pays twice.

    Args:
        body (P2PPayoutRequest): A P2P payout. The receiver must have the fields that the method
            requires.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[ErrorResponse | PaymentState]
    """

    kwargs = _get_kwargs(
        body=body,
    )

    response = await client.get_async_httpx_client().request(**kwargs)

    return _build_response(client=client, response=response)


async def asyncio(
    *,
    client: AuthenticatedClient | Client,
    body: P2PPayoutRequest,
) -> ErrorResponse | PaymentState | None:
    """Create a P2P payout

     Sends money from the project's balance to a person. The required fields of the receiver block depend
    on the method.
    `payment_id` is unique within the project: the same one never pays twice.

    Args:
        body (P2PPayoutRequest): A P2P payout. The receiver must have the fields that the method
            requires.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        ErrorResponse | PaymentState
    """

    return (
        await asyncio_detailed(
            client=client,
            body=body,
        )
    ).parsed
