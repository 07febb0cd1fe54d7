/* The words of quote_line.c, by language. Scripts with case hold the spelling that mail programs
 * write; ASCII case does not matter. One language a line where that is possible; the languages are
 * those of the catalogue (en ar bn de) and what Gmail, Outlook and Apple Mail are made for.
 * Thread: constants. */
#pragma once
#include "base/str.h"

/* In "On … wrote:". */
static const str wrote_words[] = {
    S_INIT("wrote"),                   /* en */
    S_INIT("writes"),                  /* en */
    S_INIT("schrieb"),                 /* de */
    S_INIT("geschrieben"),             /* de */
    S_INIT("a écrit"),                 /* fr */
    S_INIT("escribió"),                /* es */
    S_INIT("escribiu"),                /* gl */
    S_INIT("ha scritto"),              /* it */
    S_INIT("escreveu"),                /* pt */
    S_INIT("va escriure"),             /* ca */
    S_INIT("Missatge de"),             /* ca */
    S_INIT("idatzi du"),               /* eu */
    S_INIT("schreef"),                 /* nl */
    S_INIT("geskryf"),                 /* af */
    S_INIT("skrev"),                   /* sv da nb */
    S_INIT("skrifaði"),                /* is */
    S_INIT("kirjoitti"),               /* fi */
    S_INIT("kirjutas"),                /* et */
    S_INIT("rakstīja"),                /* lv */
    S_INIT("rašė"),                    /* lt */
    S_INIT("parašė"),                  /* lt */
    S_INIT("napisał"),                 /* pl */
    S_INIT("pisze"),                   /* pl */
    S_INIT("napsal"),                  /* cs */
    S_INIT("napísal"),                 /* sk */
    S_INIT("írta"),                    /* hu */
    S_INIT("a scris"),                 /* ro */
    S_INIT("napisao"),                 /* hr sr */
    S_INIT("napisala"),                /* hr sl */
    S_INIT("написао"),                 /* sr */
    S_INIT("је написа"),               /* sr */
    S_INIT("je napisal"),              /* sl */
    S_INIT("написал"),                 /* ru */
    S_INIT("пишет"),                   /* ru */
    S_INIT("пише"),                    /* uk */
    S_INIT("написав"),                 /* uk */
    S_INIT("написа"),                  /* bg mk */
    S_INIT("έγραψε"),                  /* el */
    S_INIT("yazdı"),                   /* tr */
    S_INIT("كتب"),                     /* ar */
    S_INIT("تمت كتابة ما يلي بواسطة"), /* ar */
    S_INIT("כתב"),                     /* he */
    S_INIT("מאת"),                     /* he */
    S_INIT("نوشت"),                    /* fa */
    S_INIT("نے لکھا"),                 /* ur */
    S_INIT("লিখেছেন"),                 /* bn */
    S_INIT("লিখেছে"),                  /* bn */
    S_INIT("ने लिखा"),                  /* hi */
    S_INIT("लिहिले"),                   /* mr */
    S_INIT("એ લખ્યું"),                   /* gu */
    S_INIT("ਨੇ ਲਿਖਿਆ"),                 /* pa */
    S_INIT("எழுதியது"),                /* ta */
    S_INIT("இவ்வாறு எழுதினார்"),         /* ta */
    S_INIT("ఇలా రాశారు"),                 /* te */
    S_INIT("വാക്കുകൾ എഴുതി"),             /* ml */
    S_INIT("เขียนว่า"),                  /* th */
    S_INIT("đã viết"),                 /* vi */
    S_INIT("menulis"),                 /* id ms */
    S_INIT("sumulat"),                 /* fil */
    S_INIT("aliandika"),               /* sw */
    S_INIT("写道"),                    /* zh-CN */
    S_INIT("寫道"),                    /* zh-TW */
    S_INIT("書きました"),              /* ja */
    S_INIT("のメール"),                /* ja */
    S_INIT("님이 작성"),               /* ko */
    S_INIT("님이 쓴 글"),              /* ko */
    S_INIT("작성"),                    /* ko */
};

/* How the first of several lines of "On … wrote:" begins. */
static const str wrote_begins[] = {S_INIT("On "), S_INIT("Am "), S_INIT("Le "), S_INIT("El "),
    S_INIT("Il "), S_INIT("Em "), S_INIT("Op "), S_INIT("Den "), S_INIT("W dniu "), S_INIT("Dne "),
    S_INIT("Dňa "), S_INIT("În "), S_INIT("Pe "), S_INIT("На "), S_INIT("Στις "), S_INIT("Vào "),
    S_INIT("Pada "), S_INIT("ในวันที่ "), S_INIT("في "), S_INIT("בתאריך "), S_INIT("در "),
    S_INIT("Dana "), S_INIT("V "), S_INIT("El dia "), S_INIT("Noong ")};

/* Between dashes. */
static const str separators[] = {
    S_INIT("Original Message"),
    S_INIT("Original Mail"),
    S_INIT("Original message"),
    S_INIT("Original Appointment"),
    S_INIT("Forwarded message"),
    S_INIT("Forwarded Message"),
    S_INIT("Reply message"),
    S_INIT("Ursprüngliche Nachricht"),
    S_INIT("Originalnachricht"),
    S_INIT("Original-Nachricht"),
    S_INIT("Weitergeleitete Nachricht"),
    S_INIT("Message d'origine"),
    S_INIT("Message original"),
    S_INIT("Message transféré"),
    S_INIT("Mensaje original"),
    S_INIT("Mensaje reenviado"),
    S_INIT("Messaggio originale"),
    S_INIT("Messaggio inoltrato"),
    S_INIT("Messaggio Originale"),
    S_INIT("Mensagem original"),
    S_INIT("Mensagem Original"),
    S_INIT("Mensagem encaminhada"),
    S_INIT("Oorspronkelijk bericht"),
    S_INIT("Origineel bericht"),
    S_INIT("Doorgestuurd bericht"),
    S_INIT("Oprindelig meddelelse"),
    S_INIT("Videresendt meddelelse"),
    S_INIT("Opprinnelig melding"),
    S_INIT("Videresendt melding"),
    S_INIT("Ursprungligt meddelande"),
    S_INIT("Vidarebefordrat meddelande"),
    S_INIT("Alkuperäinen viesti"),
    S_INIT("Edelleenlähetetty viesti"),
    S_INIT("Wiadomość oryginalna"),
    S_INIT("Oryginalna wiadomość"),
    S_INIT("Przekazana wiadomość"),
    S_INIT("Původní zpráva"),
    S_INIT("Původní e-mail"),
    S_INIT("Přeposlaná zpráva"),
    S_INIT("Pôvodná správa"),
    S_INIT("Preposlaná správa"),
    S_INIT("Eredeti üzenet"),
    S_INIT("Továbbított üzenet"),
    S_INIT("Mesaj original"),
    S_INIT("Mesajul original"),
    S_INIT("Mesaj redirecționat"),
    S_INIT("Izvorna poruka"),
    S_INIT("Proslijeđena poruka"),
    S_INIT("Originalna poruka"),
    S_INIT("Izvirno sporočilo"),
    S_INIT("Исходное сообщение"),
    S_INIT("Пересылаемое сообщение"),
    S_INIT("Оригинальное сообщение"),
    S_INIT("Original-Nachricht"),
    S_INIT("Вихідне повідомлення"),
    S_INIT("Переслане повідомлення"),
    S_INIT("Оригинално съобщение"),
    S_INIT("Препратено съобщение"),
    S_INIT("Αρχικό μήνυμα"),
    S_INIT("Προωθημένο μήνυμα"),
    S_INIT("Özgün İleti"),
    S_INIT("Orijinal Mesaj"),
    S_INIT("Yönlendirilen ileti"),
    S_INIT("Forwarded ileti"),
    S_INIT("الرسالة الأصلية"),
    S_INIT("رسالة أصلية"),
    S_INIT("رسالة معاد توجيهها"),
    S_INIT("הודעה מקורית"),
    S_INIT("הודעה שהועברה"),
    S_INIT("پیام اصلی"),
    S_INIT("اصل پیغام"),
    S_INIT("মূল বার্তা"),
    S_INIT("আসল বার্তা"),
    S_INIT("ফরওয়ার্ড করা বার্তা"),
    S_INIT("ফরোয়ার্ড করা বার্তা"),
    S_INIT("मूल संदेश"),
    S_INIT("अग्रेषित संदेश"),
    S_INIT("ข้อความต้นฉบับ"),
    S_INIT("ข้อความที่ส่งต่อ"),
    S_INIT("Thư gốc"),
    S_INIT("Tin nhắn gốc"),
    S_INIT("Pesan Asli"),
    S_INIT("Pesan asli"),
    S_INIT("Pesan terusan"),
    S_INIT("Mesej Asal"),
    S_INIT("原始邮件"),
    S_INIT("转发的邮件"),
    S_INIT("轉寄的郵件"),
    S_INIT("原始郵件"),
    S_INIT("元のメッセージ"),
    S_INIT("転送メッセージ"),
    S_INIT("Forwarded Mail"),
    S_INIT("원본 메시지"),
    S_INIT("전달된 메시지"),
    S_INIT("Original"),
    S_INIT("Algne sõnum"),
    S_INIT("Sākotnējais ziņojums"),
    S_INIT("Pradinis pranešimas"),
    S_INIT("Missatge original"),
    S_INIT("Mensaxe orixinal"),
};

/* Without dashes, the whole line (Apple Mail). */
static const str forward_lines[] = {
    S_INIT("Begin forwarded message:"),
    S_INIT("Anfang der weitergeleiteten Nachricht:"),
    S_INIT("Anfang der weitergeleiteten E-Mail:"),
    S_INIT("Début du message transféré :"),
    S_INIT("Début du message réexpédié :"),
    S_INIT("Inicio del mensaje reenviado:"),
    S_INIT("Inizio messaggio inoltrato:"),
    S_INIT("Início da mensagem encaminhada:"),
    S_INIT("Início da mensagem reencaminhada:"),
    S_INIT("Begin doorgestuurd bericht:"),
    S_INIT("Vidarebefordrat mejl:"),
    S_INIT("Start på videresendt meddelelse:"),
    S_INIT("Videresendt melding:"),
    S_INIT("Välitetty viesti alkaa:"),
    S_INIT("Początek przekazywanej wiadomości:"),
    S_INIT("Začátek přeposílané zprávy:"),
    S_INIT("Начало переадресованного сообщения:"),
    S_INIT("Начало переадресованного письма:"),
    S_INIT("Початок пересланого листа:"),
    S_INIT("Αρχή προωθημένου μηνύματος:"),
    S_INIT("İleti başlangıcı:"),
    S_INIT("بداية الرسالة المُعاد توجيهها:"),
    S_INIT("תחילת ההודעה שהועברה:"),
    S_INIT("转发的邮件："),
    S_INIT("開始轉寄郵件："),
    S_INIT("以下是转发的邮件："),
    S_INIT("転送されたメッセージ:"),
    S_INIT("전달된 메시지:"),
};

/* Labels of the header block that Outlook and others put above what they quote. */
static const str from_labels[] = {S_INIT("From"), S_INIT("Von"), S_INIT("De"), S_INIT("Da"),
    S_INIT("Van"), S_INIT("Från"), S_INIT("Fra"), S_INIT("Lähettäjä"), S_INIT("Od"),
    S_INIT("Feladó"), S_INIT("De la"), S_INIT("De către"), S_INIT("Expéditeur"), S_INIT("От"),
    S_INIT("От кого"), S_INIT("Від"), S_INIT("Από"), S_INIT("Kimden"), S_INIT("Gönderen"),
    S_INIT("من"), S_INIT("מאת"), S_INIT("از"), S_INIT("منجانب"), S_INIT("থেকে"), S_INIT("প্রেরক"),
    S_INIT("द्वारा"), S_INIT("प्रेषक"), S_INIT("จาก"), S_INIT("Từ"), S_INIT("Dari"),
    S_INIT("Daripada"), S_INIT("发件人"), S_INIT("寄件者"), S_INIT("寄件人"), S_INIT("差出人"),
    S_INIT("送信者"), S_INIT("보낸 사람"), S_INIT("보낸사람"), S_INIT("Saatja"), S_INIT("No"),
    S_INIT("Nuo"), S_INIT("Šalje"), S_INIT("Pošiljatelj"), S_INIT("Remitente"), S_INIT("Mittente"),
    S_INIT("Remetente"), S_INIT("Absender"), S_INIT("Avsändare"), S_INIT("Afsender"),
    S_INIT("Avsender"), S_INIT("Nadawca"), S_INIT("Odesílatel"), S_INIT("Odosielateľ")};
static const str sent_labels[] = {S_INIT("Sent"), S_INIT("Date"), S_INIT("Sent at"),
    S_INIT("Date Sent"), S_INIT("Gesendet"), S_INIT("Datum"), S_INIT("Envoyé"), S_INIT("Enviado"),
    S_INIT("Enviado el"), S_INIT("Enviada em"), S_INIT("Enviada"), S_INIT("Fecha"), S_INIT("Data"),
    S_INIT("Inviato"), S_INIT("Verzonden"), S_INIT("Skickat"), S_INIT("Sendt"), S_INIT("Dato"),
    S_INIT("Lähetetty"), S_INIT("Päivämäärä"), S_INIT("Wysłano"), S_INIT("Wysłane"),
    S_INIT("Odesláno"), S_INIT("Odoslané"), S_INIT("Dátum"), S_INIT("Küldve"), S_INIT("Elküldve"),
    S_INIT("Trimis"), S_INIT("Дата"), S_INIT("Отправлено"), S_INIT("Отправлен"),
    S_INIT("Надіслано"), S_INIT("Изпратено"), S_INIT("Στάλθηκε"), S_INIT("Ημερομηνία"),
    S_INIT("Gönderildi"), S_INIT("Tarih"), S_INIT("Gönderme"), S_INIT("تم الإرسال"),
    S_INIT("تاريخ الإرسال"), S_INIT("التاريخ"), S_INIT("נשלח"), S_INIT("תאריך"), S_INIT("ارسال"),
    S_INIT("تاریخ"), S_INIT("بھیجا گیا"), S_INIT("পাঠানো হয়েছে"), S_INIT("প্রেরিত"), S_INIT("তারিখ"),
    S_INIT("भेजा गया"), S_INIT("दिनांक"), S_INIT("ส่ง"), S_INIT("ส่งเมื่อ"), S_INIT("วันที่"),
    S_INIT("Đã gửi"), S_INIT("Gửi"), S_INIT("Ngày"), S_INIT("Dikirim"), S_INIT("Tanggal"),
    S_INIT("Dihantar"), S_INIT("Tarikh"), S_INIT("发送时间"), S_INIT("发送日期"), S_INIT("日期"),
    S_INIT("寄件日期"), S_INIT("傳送時間"), S_INIT("送信日時"), S_INIT("日時"), S_INIT("日付"),
    S_INIT("보낸 날짜"), S_INIT("날짜"), S_INIT("Saadetud"), S_INIT("Nosūtīts"), S_INIT("Išsiųsta"),
    S_INIT("Poslano"), S_INIT("Poslato")};
static const str to_labels[] = {S_INIT("To"), S_INIT("An"), S_INIT("À"), S_INIT("A"),
    S_INIT("Para"), S_INIT("Aan"), S_INIT("Till"), S_INIT("Til"), S_INIT("Vastaanottaja"),
    S_INIT("Do"), S_INIT("Komu"), S_INIT("Címzett"), S_INIT("Către"), S_INIT("Кому"), S_INIT("До"),
    S_INIT("Προς"), S_INIT("Kime"), S_INIT("Alıcı"), S_INIT("إلى"), S_INIT("אל"), S_INIT("به"),
    S_INIT("প্রতি"), S_INIT("প্রাপক"), S_INIT("को"), S_INIT("ถึง"), S_INIT("Tới"), S_INIT("Đến"),
    S_INIT("Kepada"), S_INIT("收件人"), S_INIT("收件者"), S_INIT("宛先"), S_INIT("받는 사람"),
    S_INIT("받는사람"), S_INIT("Za"), S_INIT("Prima"), S_INIT("Saaja"), S_INIT("Kam"),
    S_INIT("Kam nosūtīts")};
static const str subject_labels[] = {S_INIT("Subject"), S_INIT("Betreff"), S_INIT("Objet"),
    S_INIT("Asunto"), S_INIT("Oggetto"), S_INIT("Assunto"), S_INIT("Onderwerp"), S_INIT("Ämne"),
    S_INIT("Emne"), S_INIT("Aihe"), S_INIT("Temat"), S_INIT("Předmět"), S_INIT("Predmet"),
    S_INIT("Tárgy"), S_INIT("Subiect"), S_INIT("Тема"), S_INIT("Относно"), S_INIT("Θέμα"),
    S_INIT("Konu"), S_INIT("الموضوع"), S_INIT("موضوع"), S_INIT("נושא"), S_INIT("বিষয়"),
    S_INIT("বিষয়"), S_INIT("विषय"), S_INIT("เรื่อง"), S_INIT("หัวเรื่อง"), S_INIT("Chủ đề"),
    S_INIT("Subjek"), S_INIT("Perihal"), S_INIT("主题"), S_INIT("主旨"), S_INIT("件名"),
    S_INIT("제목"), S_INIT("Teema"), S_INIT("Tēma"), S_INIT("Tema"), S_INIT("Assumpte"),
    S_INIT("Naslov"), S_INIT("Zadeva")};

/* "Sent from my iPhone": the line begins so, and ends so (either may be empty). */
static const struct {
    str begin, end;
} mobile_lines[] = {
    {S_INIT("Sent from my "),                     S_INIT("")                                                  }, /* en; a device must follow */
    {S_INIT("Sent from "),                        S_INIT("")                                                  },
    {S_INIT("Sent via "),                         S_INIT("")                                                  },
    {S_INIT("Sent with "),                        S_INIT("")                                                  },
    {S_INIT("Sent using "),                       S_INIT("")                                                  },
    {S_INIT("Get Outlook for "),                  S_INIT("")                                                  },
    {S_INIT("Von meinem "),                       S_INIT("gesendet")                                          }, /* de */
    {S_INIT("Von meinem "),                       S_INIT("gesendet.")                                         },
    {S_INIT("Gesendet von "),                     S_INIT("")                                                  },
    {S_INIT("Gesendet mit "),                     S_INIT("")                                                  },
    {S_INIT("Diese Nachricht wurde von meinem "), S_INIT("gesendet.")                                         },
    {S_INIT("Envoyé de mon "),                   S_INIT("")                                                  }, /* fr */
    {S_INIT("Envoyé depuis "),                   S_INIT("")                                                  },
    {S_INIT("Envoyé à partir "),                S_INIT("")                                                  },
    {S_INIT("Envoyé avec "),                     S_INIT("")                                                  },
    {S_INIT("Enviado desde "),                    S_INIT("")                                                  }, /* es */
    {S_INIT("Enviado con "),                      S_INIT("")                                                  },
    {S_INIT("Inviato da "),                       S_INIT("")                                                  }, /* it */
    {S_INIT("Inviato dal "),                      S_INIT("")                                                  },
    {S_INIT("Enviado do meu "),                   S_INIT("")                                                  }, /* pt */
    {S_INIT("Enviado a partir "),                 S_INIT("")                                                  },
    {S_INIT("Enviado pelo "),                     S_INIT("")                                                  },
    {S_INIT("Enviat des "),                       S_INIT("")                                                  }, /* ca */
    {S_INIT("Verstuurd vanaf "),                  S_INIT("")                                                  }, /* nl */
    {S_INIT("Verzonden vanaf "),                  S_INIT("")                                                  },
    {S_INIT("Verzonden met "),                    S_INIT("")                                                  },
    {S_INIT("Skickat från "),                    S_INIT("")                                                  }, /* sv */
    {S_INIT("Sendt fra "),                        S_INIT("")                                                  }, /* da nb */
    {S_INIT("Lähetetty "),                       S_INIT("")                                                  }, /* fi */
    {S_INIT("Wysłane z "),                       S_INIT("")                                                  }, /* pl */
    {S_INIT("Wysłano z "),                       S_INIT("")                                                  },
    {S_INIT("Odesláno z "),                      S_INIT("")                                                  }, /* cs */
    {S_INIT("Odoslané z "),                      S_INIT("")                                                  }, /* sk */
    {S_INIT("Az én "),                           S_INIT("készülékemről küldve")                         }, /* hu */
    {S_INIT(""),                                  S_INIT("-ról küldve")                                     },
    {S_INIT("Trimis de pe "),                     S_INIT("")                                                  }, /* ro */
    {S_INIT("Poslano s "),                        S_INIT("")                                                  }, /* hr */
    {S_INIT("Poslano z "),                        S_INIT("")                                                  }, /* sl */
    {S_INIT("Отправлено с "),          S_INIT("")                                                  }, /* ru */
    {S_INIT("Отправлено из "),        S_INIT("")                                                  },
    {S_INIT("Надіслано з "),            S_INIT("")                                                  }, /* uk */
    {S_INIT("Изпратено от "),          S_INIT("")                                                  }, /* bg */
    {S_INIT("Στάλθηκε από "),          S_INIT("")                                                  }, /* el */
    {S_INIT("Εστάλη από "),              S_INIT("")                                                  },
    {S_INIT(""),                                  S_INIT("gönderildi")                                       }, /* tr */
    {S_INIT("أُرسلت من "),                S_INIT("")                                                  }, /* ar */
    {S_INIT("أرسلت من "),                  S_INIT("")                                                  },
    {S_INIT("تم الإرسال من "),         S_INIT("")                                                  },
    {S_INIT("נשלח מה"),                     S_INIT("")                                                  }, /* he */
    {S_INIT("ارسال شده از "),           S_INIT("")                                                  }, /* fa */
    {S_INIT("আমার "),                     S_INIT("থেকে পাঠানো")                   }, /* bn */
    {S_INIT("আমার "),                     S_INIT("থেকে পাঠানো হয়েছে")},
    {S_INIT("मेरे "),                     S_INIT("से भेजा गया")                     }, /* hi */
    {S_INIT("ส่งจาก "),               S_INIT("")                                                  }, /* th */
    {S_INIT("Đã gửi từ "),                  S_INIT("")                                                  }, /* vi */
    {S_INIT("Dikirim dari "),                     S_INIT("")                                                  }, /* id */
    {S_INIT("Dihantar dari"),                     S_INIT("")                                                  }, /* ms */
    {S_INIT("发自我的 "),                     S_INIT("")                                                  }, /* zh-CN */
    {S_INIT("发自我的"),                      S_INIT("")                                                  },
    {S_INIT("從我的 "),                        S_INIT("傳送")                                            }, /* zh-TW */
    {S_INIT("從我的"),                         S_INIT("傳送")                                            },
    {S_INIT(""),                                  S_INIT("から送信")                                      }, /* ja */
    {S_INIT("나의 "),                           S_INIT("에서 보냄")                                     }, /* ko */
    {S_INIT(""),                                  S_INIT("에서 보냄")                                     },
};

/* What such a line names; ASCII case does not matter. */
static const str devices[] = {S_INIT("iphon"), S_INIT("ipad"), S_INIT("ipod"), S_INIT("apple"),
    S_INIT("android"), S_INIT("samsung"), S_INIT("galaxy"), S_INIT("blackberry"), S_INIT("huawei"),
    S_INIT("xiaomi"), S_INIT("redmi"), S_INIT("oneplus"), S_INIT("pixel"), S_INIT("nokia"),
    S_INIT("sony"), S_INIT("xperia"), S_INIT("motorola"), S_INIT("oppo"), S_INIT("vivo"),
    S_INIT("realme"), S_INIT("outlook"), S_INIT("windows"), S_INIT("yahoo"), S_INIT("gmail"),
    S_INIT("aol"), S_INIT("proton"), S_INIT("gmx"), S_INIT("web.de"), S_INIT("mail.ru"),
    S_INIT("yandex"), S_INIT("myMail"), S_INIT("mailbird"), S_INIT("spark"), S_INIT("bluemail"),
    S_INIT("k-9"), S_INIT("thunderbird"), S_INIT("fairemail"), S_INIT("smartphone"),
    S_INIT("mobile"), S_INIT("mobil"), S_INIT("phone"), S_INIT("telefon"), S_INIT("teléfono"),
    S_INIT("téléphone"), S_INIT("celular"), S_INIT("cellulare"), S_INIT("tablet"), S_INIT("htc"),
    S_INIT("lg "), S_INIT("superhuman"), S_INIT("zoho"), S_INIT("handy"), S_INIT("телефон"),
    S_INIT("ফোন"), S_INIT("手机")};
