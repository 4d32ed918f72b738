# Made from spec/openapi.yaml by scripts/generate. Not edited by hand.
from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset, expect, refuse_float

T = TypeVar("T", bound="Browser")


@_attrs_define(kw_only=True)
class Browser:
    """The payer's browser, as required by 3-D Secure 2."""

    user_agent: str | Unset = UNSET
    """ The User-Agent header. (0 to 2048 characters; inferred) """
    accept_header: str | Unset = UNSET
    """ The Accept header. (0 to 2048 characters; inferred) """
    language: str | Unset = UNSET
    """ The browser's language, such as ru-RU. (0 to 35 characters; inferred) """
    color_depth: int | Unset = _attrs_field(default=UNSET, validator=refuse_float)
    """ Bits per pixel. (1 to 48; inferred) """
    screen_width: int | Unset = _attrs_field(default=UNSET, validator=refuse_float)
    """ Pixels. (1 to 65535; inferred) """
    screen_height: int | Unset = _attrs_field(default=UNSET, validator=refuse_float)
    """ Pixels. (1 to 65535; inferred) """
    time_zone: int | Unset = _attrs_field(default=UNSET, validator=refuse_float)
    """ Minutes between UTC and the browser's time. (-900 to 900; inferred) """
    java_enabled: bool | Unset = UNSET
    """ Whether Java runs. (inferred) """
    javascript_enabled: bool | Unset = UNSET
    """ Whether JavaScript runs. (inferred) """

    def to_dict(self) -> dict[str, Any]:
        user_agent = self.user_agent

        accept_header = self.accept_header

        language = self.language

        color_depth = self.color_depth

        screen_width = self.screen_width

        screen_height = self.screen_height

        time_zone = self.time_zone

        java_enabled = self.java_enabled

        javascript_enabled = self.javascript_enabled

        field_dict: dict[str, Any] = {}

        field_dict.update({})
        if user_agent is not UNSET:
            field_dict["user_agent"] = user_agent
        if accept_header is not UNSET:
            field_dict["accept_header"] = accept_header
        if language is not UNSET:
            field_dict["language"] = language
        if color_depth is not UNSET:
            field_dict["color_depth"] = color_depth
        if screen_width is not UNSET:
            field_dict["screen_width"] = screen_width
        if screen_height is not UNSET:
            field_dict["screen_height"] = screen_height
        if time_zone is not UNSET:
            field_dict["time_zone"] = time_zone
        if java_enabled is not UNSET:
            field_dict["java_enabled"] = java_enabled
        if javascript_enabled is not UNSET:
            field_dict["javascript_enabled"] = javascript_enabled

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        if not isinstance(src_dict, (dict, Mapping)):
            raise TypeError
        d = dict(src_dict)
        user_agent = expect(d.pop("user_agent", UNSET), str)

        accept_header = expect(d.pop("accept_header", UNSET), str)

        language = expect(d.pop("language", UNSET), str)

        color_depth = expect(d.pop("color_depth", UNSET), int)

        screen_width = expect(d.pop("screen_width", UNSET), int)

        screen_height = expect(d.pop("screen_height", UNSET), int)

        time_zone = expect(d.pop("time_zone", UNSET), int)

        java_enabled = expect(d.pop("java_enabled", UNSET), bool)

        javascript_enabled = expect(d.pop("javascript_enabled", UNSET), bool)

        browser = cls(
            user_agent=user_agent,
            accept_header=accept_header,
            language=language,
            color_depth=color_depth,
            screen_width=screen_width,
            screen_height=screen_height,
            time_zone=time_zone,
            java_enabled=java_enabled,
            javascript_enabled=javascript_enabled,
        )

        return browser
