/* Loaded into OpenSMTPD 6.8 by opensmtpd.py. The process of OpenSMTPD that speaks TLS has no
 * private key: it marks its key object with the certificate's name, and another process signs for
 * that name. OpenSSL 3 hands out copies of key objects, so the mark is lost and every handshake
 * ends with "missing private key" (OpenSMTPD issue 1171, mended in 7.3, which Debian 12 has not).
 * Where the mark is missing, this gives the one certificate's name that our configuration has. Not
 * for production. */
#include <dlfcn.h>
#include <stddef.h>

void *RSA_get_ex_data(const void *key, int at);

void *RSA_get_ex_data(const void *key, int at)
{
    static char name[] = "seva";
    void *found = dlsym(RTLD_NEXT, "RSA_get_ex_data");
    void *(*next)(const void *, int) = NULL;
    *(void **)&next = found;
    void *mark = next != NULL ? next(key, at) : NULL;
    return mark != NULL || at != 0 ? mark : name;
}
