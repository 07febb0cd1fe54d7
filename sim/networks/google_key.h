/* The key with which the simulated Google signs its tokens. Made for the simulator and published
 * with it: it protects nothing. */
#pragma once

#define GOOGLE_KEY_ID "sim-key-1"

static const char google_key_pem[] =
    "-----BEGIN PRIVATE KEY-----\n"
    "MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQCxO8o4nLftpYOI\n"
    "KWGJx+vYWilohUWntixmvGPQD4I41e3Ra0lQl0+VJLABiK1iEPzA04pHw5avh6dL\n"
    "3tgicGoeWSR0DmpbRyaDtbBQV2sHYFGdCs24a+exOPN/XXJruKJBaHkTkGnXqRCW\n"
    "XBJBeMv0Q1LrKuGeBC6fQMbbmN6KT4NJFtGc8ktxbGROfctIadffq2Olsw1NSgZL\n"
    "ZJteRXhIlYjYcPRJUXPCs7QIlCjsU7KbaDXYcfWAOSmAObzTgo3koju5I+jg6XVk\n"
    "IO48jpJp4icjtkqf9hpcBSo+r4pL+wOdfXT7W0gXEWsMbZTRrl28ZiyWaCzTTtEm\n"
    "9vieYTUDAgMBAAECggEAPvuB4ftja2rhoq4d8OIgYEquI2wU9EQLZFj3WXVhcAQq\n"
    "Fr07GQ4kZFpcx7bD8rEZuQaTwevyLR+WZqJjCV4MgAtqpmmHBzfyKmUTKoHeUYk7\n"
    "h4TS1YJXHEYiVfUl170NwBO5zyeHTXHRqLVAcY7VX9Da8yJSeh5/WO2inWAmWVzO\n"
    "rjNhuYD5Ph7J8sbz8k2DhzJPOea4AA9jICFZto6ni2J1XxS43Wwr6kBTjjDZgpag\n"
    "dXAZFYbWXqo2nHVEp2wOSwvTbt/sN1NHhXiSJTia8oQjADx+Pt8fe1WTZgzM6H/3\n"
    "Z2aRIKmEU9NuBXgiYn0Xtw4jCKNBFFyehcfS+e9fBQKBgQDxvjHEoMlKjO26/HxM\n"
    "Nq3e5PxQF8RpvpboXWVAZtJ5UxKq6SCdCNiQo69S/tGZEDoGHVZMQyxmCvRpM05v\n"
    "M+YH9vxpo2w1UGhXCVy/dkqiicyAktweGfxy+KXWff8aP+6lQatZffbWNj2GI1Rn\n"
    "qBOfKKlMaFNPkz+QnWgFADE3pQKBgQC7r6P741lPmxV2AjLuR2BEfKwoqZKGv+bF\n"
    "qykRBh6dN5AEIcFlGxOm5Xte1Bpsx3uvJA4i7AFtWBmkiFf5pFSInsikzmcOmod5\n"
    "QwRWMcEQQEwcV4MbGjXXtE5w1hrm494/M/3DGZlkz3UYPTl5BeLOZ3D8RGoLg725\n"
    "ofZml5rZhwKBgQCLuOldA620WCYjmEFjb4spNGKdDE+q6sygOzMFeSiXlStJ+3qt\n"
    "KOq7FtCEAOI2PMm8tQInDABCbnx7vXrNDUscOWYEzL8DRZk5DSE9TGqw7UJ04e01\n"
    "vMFL1mlLwwFKM7+EZqNaE1My1qDSweLMErpcmIzZq8bTTIFF3aS8lzLbPQKBgEPk\n"
    "fmJQ1G7af8Hne7r8MNO1caVn6ew6oOUiTEGvQAXJIpyMBWRojgxSePVNrp1o79Hk\n"
    "LgTt8Ho4Y1ZER+azTiz5m0UasOb0eUshNgFkEB2r1Jxv/6ofKhj0TWe9249oIG4m\n"
    "hYY8zWNNNGNnSlIAEhJuEs3+hYnSxx/Oec6UytwjAoGAF3spctBLH5T/uzbHKtrL\n"
    "6tUvZ43isf+NBsxnuTaNW+EibmySkHMIG4vvcBoPNla3nnljMoQSp0iPybiqdA1L\n"
    "1VtEAtz5OIcQWTaWsPFV8wcp8KMZezXSmigzR8gzW2omDgvrPL3EKJbcR0qs67To\n"
    "HsXd3k077L/9nqsznhy2yEw=\n"
    "-----END PRIVATE KEY-----\n";

static const char google_key_modulus[] =
    "sTvKOJy37aWDiClhicfr2FopaIVFp7YsZrxj0A-CONXt0WtJUJdPlSSwAYitYhD8wNOKR8OWr4enS97YInBqHlkk"
    "dA5qW0cmg7WwUFdrB2BRnQrNuGvnsTjzf11ya7iiQWh5E5Bp16kQllwSQXjL9ENS6yrhngQun0DG25jeik-DSRbR"
    "nPJLcWxkTn3LSGnX36tjpbMNTUoGS2SbXkV4SJWI2HD0SVFzwrO0CJQo7FOym2g12HH1gDkpgDm804KN5KI7uSPo"
    "4Ol1ZCDuPI6SaeInI7ZKn_YaXAUqPq-KS_sDnX10-1tIFxFrDG2U0a5dvGYslmgs007RJvb4nmE1Aw";
