"""Texts of the payment page, in English and Russian."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from highhelp_api import contract

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["LANGUAGES", "choose_language", "method_name", "translate"]

_TEXTS: Final[Mapping[str, tuple[str, str]]] = {
    "title": ("Payment", "Оплата"),
    "order": ("Order", "Заказ"),
    "description": ("Description", "Описание"),
    "method": ("Method", "Способ"),
    "pay_until": ("Pay by", "Оплатить до"),
    "test": ("Test gateway: no money moves.", "Тестовый шлюз: деньги не списываются."),
    "choose": ("How would you like to pay?", "Как вы хотите оплатить?"),
    "continue": ("Continue", "Продолжить"),
    "transfer": ("Transfer exactly this amount", "Переведите ровно эту сумму"),
    "transfer_hint": (
        "Use the details below in your bank's app, then come back to this page.",
        "Сделайте перевод по этим реквизитам в приложении банка и вернитесь на эту страницу.",
    ),
    "pan": ("Card number", "Номер карты"),
    "phone": ("Phone number", "Номер телефона"),
    "account_number": ("Account number", "Номер счёта"),
    "bank_name": ("Bank", "Банк"),
    "bank_code": ("Bank code", "Код банка"),
    "qr_link": ("Payment link", "Ссылка для оплаты"),
    "card_holder": ("Recipient", "Получатель"),
    "paid": ("I have paid", "Я оплатил"),
    "decline": ("Cancel the payment", "Отменить оплату"),
    "card": ("Card details", "Данные карты"),
    "month": ("Month", "Месяц"),
    "year": ("Year", "Год"),
    "cvv": ("Security code", "Код безопасности"),
    "holder": ("Name on the card", "Имя на карте"),
    "pay": ("Pay {amount}", "Оплатить {amount}"),
    "bad_pan": ("Check the card number", "Проверьте номер карты"),
    "bad_month": ("Month as two digits, such as 07", "Месяц двумя цифрами, например 07"),
    "bad_year": ("The card has expired", "Срок действия карты истёк"),
    "bad_cvv": ("Three or four digits", "Три или четыре цифры"),
    "mend": ("Please check the fields that are marked.", "Проверьте отмеченные поля."),
    "mobile": ("Pay from your phone balance", "Оплата со счёта телефона"),
    "mobile_hint": (
        "We send a one-time code to your phone to confirm the payment.",
        "Мы отправим на ваш телефон одноразовый код для подтверждения.",
    ),
    "send_code": ("Send the code", "Отправить код"),
    "code": ("One-time code", "Одноразовый код"),
    "code_sent": ("Enter the code that was sent to your phone.", "Введите код, отправленный на ваш телефон."),
    "wrong_code": ("The code is wrong. Tries left: {left}", "Неверный код. Осталось попыток: {left}"),
    "confirm": ("Confirm", "Подтвердить"),
    "codes": ("Codes for testing", "Коды для проверки"),
    "cards": ("Cards for testing", "Карты для проверки"),
    "bank_page": ("Your bank", "Ваш банк"),
    "confirm_3ds": ("Confirm the payment at your bank", "Подтвердите оплату в вашем банке"),
    "confirm_redirect": ("Payment at your bank", "Оплата в вашем банке"),
    "reject": ("Reject", "Отклонить"),
    "result": ("Result for the merchant", "Результат для магазина"),
    "result_hint": (
        "The merchant hands this over with the operation that confirms 3-D Secure.",
        "Магазин передаёт это операцией подтверждения 3-D Secure.",
    ),
    "waiting": ("Checking the payment", "Проверяем оплату"),
    "waiting_hint": ("This page updates by itself.", "Страница обновится сама."),
    "reload": ("Reload", "Обновить"),
    "trouble": ("The payment is being looked into", "Платёж разбирается"),
    "trouble_hint": ("The shop will tell you how it ends.", "Магазин сообщит вам о результате."),
    "success": ("Payment received", "Оплата получена"),
    "declined": ("Payment declined", "Оплата отклонена"),
    "going": ("You are being taken back to the shop.", "Возвращаем вас в магазин."),
    "back": ("Back to the shop", "Вернуться в магазин"),
    "close": ("You can close this page.", "Эту страницу можно закрыть."),
}

_METHODS_RU: Final[Mapping[str, str]] = {
    "payin-p2p-card": "Перевод на карту",
    "payin-p2p-sbp": "Перевод через СБП",
    "payin-p2p-phone": "Перевод по номеру телефона",
    "payin-1-click": "Оплата в один клик",
    "payin-p2p-international": "Перевод из-за рубежа",
    "payin-p2p-card-international": "Перевод на карту из-за рубежа",
    "payin-qr-sbp": "QR-код СБП",
    "payin-qr-link-p2p": "Перевод по ссылке или QR-коду",
    "payin-p2p-mobile": "Перевод на счёт телефона",
    "payin-ecom-card": "Банковская карта",
    "payin-ecom-mobile": "Со счёта телефона",
    "card-p2p": "Перевод на карту",
    "phone-p2p": "Перевод по номеру телефона",
    "sbp-p2p": "Перевод через СБП",
    "mobile-p2p": "Перевод на счёт телефона",
    "account-number": "Перевод на счёт",
    "card-ecom": "Банковская карта",
}

LANGUAGES: Final = ("en", "ru")


def choose_language(preferred: str | None) -> str:
    """Choose the page's language: the customer's if there are texts in it, else English."""
    short = (preferred or "").partition("-")[0].lower()
    return short if short in LANGUAGES else LANGUAGES[0]


def translate(name: str, language: str, **values: object) -> str:
    """Return a text in a language."""
    return _TEXTS[name][LANGUAGES.index(language)].format(**values)


def method_name(code: str, language: str) -> str:
    """Return the name of a payment method; its code, if it has no name."""
    english = contract.CATALOGUES["WidgetMethod"].get(code) or contract.CATALOGUES["Method"].get(code) or code
    return _METHODS_RU.get(code, code) if language == "ru" else english.rstrip(".")
