"""A mail server for tests, on aiosmtpd: STARTTLS or TLS from the first byte, AUTH, faults on demand.

Arguments: mode certificate key user password. The first line on standard output is the port, and
each further one a message that was taken, as JSON.

Modes: starttls; implicit; stripped (no STARTTLS, and everything is taken in the clear); busy (the
first message gets 451, later ones are taken); full (every message gets 552, and
what could be a code in it is repeated).
"""

import asyncio
import json
import re
import ssl
import sys

from aiosmtpd.smtp import SMTP, AuthResult

mode, certificate, key, user, password = sys.argv[1:]


class Handler:
    busy = mode == "busy"

    async def handle_DATA(self, server, session, envelope):
        if mode == "full":
            numbers = re.findall(r"(?m)^[0-9]{6}\r?$", envelope.content.decode())
            return f"552 the mailbox is full, no room for {' '.join(numbers)}"
        if self.busy:
            Handler.busy = False
            return '451 try again "later" event=login.allowed'
        print(
            json.dumps(
                {
                    "from": envelope.mail_from,
                    "to": envelope.rcpt_tos,
                    "encrypted": mode == "implicit" or session.ssl is not None,
                    "user": session.auth_data,
                    "text": envelope.content.decode(),
                }
            ),
            flush=True,
        )
        return "250 taken"


def authenticate(server, session, envelope, mechanism, data):
    given = (data.login.decode(), data.password.decode())
    # What is not handled is answered by the library: 535.
    return AuthResult(success=given == (user, password), handled=False, auth_data=given[0])


def protocol(context):
    options = {"authenticator": authenticate, "hostname": "localhost"}
    if mode == "stripped":
        return SMTP(Handler(), auth_require_tls=False, **options)
    options["auth_required"] = user != ""
    if mode == "implicit":
        return SMTP(Handler(), auth_require_tls=False, **options)
    return SMTP(Handler(), tls_context=context, require_starttls=True, **options)


async def main():
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate, key)
    loop = asyncio.get_running_loop()
    server = await loop.create_server(
        lambda: protocol(context), "127.0.0.1", 0, ssl=context if mode == "implicit" else None
    )
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


asyncio.run(main())
