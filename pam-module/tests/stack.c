/* An application that logs a user in through a PAM stack of its own directory and prints what it
 * is shown and what each call returns. The conversation answers come from the command line, hostile
 * ones included.
 *
 *   stack DIRECTORY SERVICE USER STEP,STEP,... [ANSWER...]
 *
 * Steps: auth acct cred open close passwd, and silent-NAME for the same with PAM_SILENT;
 * closefds closes 0, 1 and 2 before what follows, nofile leaves no free descriptor.
 * Answers: text, or NULL (no text), NOARRAY (no array), FAIL (the call fails), 10MB. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <security/pam_appl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

static char **answers;
static FILE *out;

static int converse(int count, const struct pam_message **messages, struct pam_response **responses,
                    void *data)
{
    (void)data;
    struct pam_response *array = calloc(count, sizeof *array);
    for (int at = 0; at < count; at++) {
        fprintf(out, "%d|%s\n", messages[at]->msg_style, messages[at]->msg);
        if (messages[at]->msg_style > PAM_PROMPT_ECHO_ON)
            continue;
        const char *answer = *answers ? *answers++ : "FAIL";
        if (!strcmp(answer, "FAIL") || !strcmp(answer, "NOARRAY")) {
            free(array);
            *responses = NULL;
            return strcmp(answer, "FAIL") ? PAM_SUCCESS : PAM_CONV_ERR;
        }
        if (!strcmp(answer, "10MB")) {
            array[at].resp = malloc(10 << 20);
            memset(array[at].resp, '7', (10 << 20) - 1);
            array[at].resp[(10 << 20) - 1] = 0;
        } else if (strcmp(answer, "NULL")) {
            array[at].resp = strdup(answer);
        }
    }
    *responses = array;
    return PAM_SUCCESS;
}

static int open_descriptors(void)
{
    int open = 0;
    for (int fd = 0; fd < 256; fd++)
        open += fcntl(fd, F_GETFD) != -1;
    return open;
}

static int run(pam_handle_t *pam, const char *step)
{
    int flags = 0;
    if (!strncmp(step, "silent-", 7)) {
        flags = PAM_SILENT;
        step += 7;
    }
    if (!strcmp(step, "auth"))
        return pam_authenticate(pam, flags);
    if (!strcmp(step, "acct"))
        return pam_acct_mgmt(pam, flags);
    if (!strcmp(step, "cred"))
        return pam_setcred(pam, flags | PAM_ESTABLISH_CRED);
    if (!strcmp(step, "open"))
        return pam_open_session(pam, flags);
    if (!strcmp(step, "close"))
        return pam_close_session(pam, flags);
    if (!strcmp(step, "passwd"))
        return pam_chauthtok(pam, flags);
    if (!strcmp(step, "closefds")) {
        for (int fd = 0; fd <= 2; fd++)
            close(fd);
        return 0;
    }
    if (!strcmp(step, "nofile")) {
        while (open("/dev/null", O_RDONLY | O_CLOEXEC) != -1)
            ;
        return 0;
    }
    return -1;
}

int main(int argc, char **argv)
{
    struct pam_conv conv = {converse, NULL};
    pam_handle_t *pam = NULL;
    if (argc < 5)
        return 2;
    answers = argv + 5;
    /* Out of the way of the descriptors that a step may close. */
    out = fdopen(fcntl(1, F_DUPFD_CLOEXEC, 100), "w");
    struct rlimit limit = {256, 256};
    setrlimit(RLIMIT_NOFILE, &limit);
    int code = pam_start_confdir(argv[2], argv[3], &conv, argv[1], &pam);
    if (!out || code != PAM_SUCCESS)
        return 2;
    pam_set_item(pam, PAM_TTY, "/dev/pts/9");
    pam_set_item(pam, PAM_RHOST, "203.0.113.9");
    for (char *step = strtok(argv[4], ","); step; step = strtok(NULL, ",")) {
        int before = open_descriptors();
        code = run(pam, step);
        fprintf(out, "%s=%d\n", step, code);
        if (strcmp(step, "closefds") && strcmp(step, "nofile") && open_descriptors() != before)
            fprintf(out, "descriptors %d then %d\n", before, open_descriptors());
    }
    fprintf(out, "end=%d\n", pam_end(pam, code));
    return fclose(out);
}
